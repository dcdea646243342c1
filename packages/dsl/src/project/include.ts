/** `include:` of `rta.yaml`: sources, topics and notify targets that stand in other files, which may include more. */
import type { SourceAst } from '../ast/ast.js';
import { buildSource, topicDeclaration } from '../ast/build.js';
import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';
import { errorMessage, quote } from '../diagnostics/message.js';
import type { TopicDeclaration } from '../plan/plan.js';
import { yamlMessages } from '../yaml/messages.js';
import { valueOf, type YamlEntry, type YamlNode } from '../yaml/node.js';
import { parseYaml } from '../yaml/parse.js';
import type { SettingsReader } from '../yaml/read.js';
import { structureCheck } from '../yaml/schema.js';
import { type NotifyTarget, notifyTarget } from './notify-targets.js';
import { SHARED } from './project-schema.js';

/** Finds the file that `from` includes as `path`, which is relative to it; null where there is none. Equal files have equal paths. */
export type IncludeFile = (from: SourceText, path: string) => SourceText | null;

/** RTA37xx: the messages about included files. */
export const includeMessages = {
  includeMissing: errorMessage('RTA3701', 'An included file that is not there', (span: Span, path: string) => ({
    span,
    message: `there is no file ${quote(path)}`,
    help: 'the path is relative to the file that includes it',
  })),
  includeCycle: errorMessage('RTA3702', 'Files that include each other', (span: Span, files: readonly string[]) => ({
    span,
    message: `these files include each other: ${files.map(quote).join(' → ')}`,
    help: 'put what they share into a file that both include',
  })),
  sharedTwice: errorMessage('RTA3703', 'Two shared definitions of one name', (span: Span, what: string, name: string, first: Span) => ({
    span,
    message: `the ${what} ${quote(name)} is there already, in ${quote(first.source.path)}`,
    help: 'keep one of them',
    related: [{ span: first, message: 'the first one' }],
  })),
};

/** What the project file and those that it includes share. */
export class SharedParts {
  readonly sources = new Map<string, SourceAst>();
  readonly topics: TopicDeclaration[] = [];
  readonly notify = new Map<string, NotifyTarget | null>();
  private readonly seen = new Map<string, Span>();
  private readonly read = new Set<string>();

  constructor(
    private readonly include: IncludeFile,
    private readonly settings: SettingsReader,
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  /** Takes in a file whose structure was checked, those that it includes first. `within`: the files that lead to it. */
  add(file: SourceText, root: YamlNode | null, within: readonly SourceText[] = []): void {
    this.read.add(file.path);
    const included = valueOf(root, 'include');
    for (const node of included?.kind === 'seq' ? included.items : [included]) this.addFile([...within, file], node);
    for (const entry of entriesOf(root, 'sources')) {
      if (entry.value.kind !== 'map' || !this.isNew('source', entry)) continue;
      this.sources.set(entry.key, buildSource(entry.key, entry.keySpan, entry.value, this.settings));
    }
    for (const entry of entriesOf(root, 'topics')) if (this.isNew('topic', entry)) this.topics.push(topicDeclaration(entry, this.settings));
    for (const entry of entriesOf(root, 'notify'))
      if (this.isNew('notify target', entry)) this.notify.set(entry.key, notifyTarget(entry, this.settings.env));
  }

  private addFile(within: readonly SourceText[], node: YamlNode | null): void {
    const path = this.settings.text(node);
    if (path === null) return;
    const file = this.include(within[within.length - 1], path.value);
    // The text as written: a variable in it is not shown.
    const written = node?.kind === 'scalar' ? node.text : '';
    const cycle = within.findIndex((other) => other.path === file?.path);
    if (file === null) this.report(includeMessages.includeMissing(path.span, written));
    else if (cycle >= 0)
      this.report(
        includeMessages.includeCycle(
          path.span,
          [...within.slice(cycle), file].map((other) => other.path),
        ),
      );
    else if (!this.read.has(file.path)) {
      const { root, diagnostics } = parseYaml(file);
      for (const diagnostic of diagnostics) if (diagnostic.code !== yamlMessages.empty.code) this.report(diagnostic);
      if (root === null) return;
      structureCheck(SHARED, this.settings.env)(root, file.path, { ...root.span, end: root.span.start }, this.report);
      this.add(file, root, within);
    }
  }

  private isNew(what: string, { key, keySpan }: YamlEntry): boolean {
    const first = this.seen.get(`${what} ${key}`);
    if (first === undefined) this.seen.set(`${what} ${key}`, keySpan);
    else if (first.source.path !== keySpan.source.path) this.report(includeMessages.sharedTwice(keySpan, what, key, first));
    return first === undefined;
  }
}

function entriesOf(root: YamlNode | null, key: string): readonly YamlEntry[] {
  const node = valueOf(root, key);
  return node?.kind === 'map' ? node.entries : [];
}
