import type { SourceAst } from '../ast/ast.js';
import { errorPolicy, latePolicy } from '../ast/build.js';
import type { Diagnostic, SourceText } from '../diagnostics/diagnostic.js';
import { inOrder } from '../diagnostics/render.js';
import type { ErrorPolicy, LatePolicy, TopicDeclaration } from '../plan/plan.js';
import type { Environment } from '../yaml/env.js';
import { yamlMessages } from '../yaml/messages.js';
import { entryOf, valueOf, type YamlNode } from '../yaml/node.js';
import { parseYaml } from '../yaml/parse.js';
import { SettingsReader, type Spanned } from '../yaml/read.js';
import { structureCheck, toPlain } from '../yaml/schema.js';
import { type IncludeFile, SharedParts } from './include.js';
import type { NotifyTarget } from './notify-targets.js';
import { PROJECT } from './project-schema.js';

/** `rta.yaml`: what the pipelines of a project share. */
export interface ProjectFile {
  readonly file: SourceText;
  readonly sources: ReadonlyMap<string, SourceAst>;
  readonly topics: readonly TopicDeclaration[];
  readonly defaults: ProjectDefaults;
  /** Whom alerts tell, by name; null: a target of which something is wrong that was reported. */
  readonly notify: ReadonlyMap<string, NotifyTarget | null>;
  /** `kafka:`, `registry:` and `http:` as plain data with variables resolved: may hold secrets, never print it. */
  readonly kafka: Readonly<Record<string, unknown>> | null;
  readonly registry: Readonly<Record<string, unknown>> | null;
  readonly http: Readonly<Record<string, unknown>> | null;
}

/** What pipelines get where they say nothing. */
export interface ProjectDefaults {
  readonly latenessMs: number | null;
  readonly idleMs: number | null;
  readonly late: LatePolicy | null;
  readonly errors: ErrorPolicy | null;
  readonly standby: number | null;
}

/** Reads `rta.yaml` and what it includes. With errors, `project` still holds what could be read, so that pipelines can be checked against it. */
export function parseProject(
  file: SourceText,
  env: Environment,
  include: IncludeFile = () => null,
): { readonly project: ProjectFile; readonly diagnostics: readonly Diagnostic[] } {
  const { root, diagnostics: syntax } = parseYaml(file);
  const diagnostics = syntax.filter((diagnostic) => diagnostic.code !== yamlMessages.empty.code);
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const read = new SettingsReader(env, report);
  if (root !== null) structureCheck(PROJECT, env)(root, 'rta.yaml', { ...root.span, end: root.span.start }, report);

  const shared = new SharedParts(include, read, report);
  shared.add(file, root);
  const defaults = valueOf(root, 'defaults');
  const late: Spanned<LatePolicy> | null = latePolicy(entryOf(defaults, 'late'), read);
  const errors: Spanned<ErrorPolicy> | null = errorPolicy(entryOf(defaults, 'errors'), read);
  const project: ProjectFile = {
    file,
    sources: shared.sources,
    topics: shared.topics,
    defaults: {
      latenessMs: read.durationAt(defaults, 'lateness')?.value ?? null,
      idleMs: read.durationAt(defaults, 'idle')?.value ?? null,
      late: late?.value ?? null,
      errors: errors?.value ?? null,
      standby: read.integerAt(defaults, 'standby'),
    },
    notify: shared.notify,
    kafka: settings(valueOf(root, 'kafka'), read),
    registry: settings(valueOf(root, 'registry'), read),
    http: settings(valueOf(root, 'http'), read),
  };
  return { project, diagnostics: inOrder(diagnostics) };
}

/** Connection settings; a variable that is not set is reported, since nothing can connect without it. */
function settings(node: YamlNode | null, read: SettingsReader): Readonly<Record<string, unknown>> | null {
  if (node?.kind !== 'map') return null;
  reportUnset(node, read);
  return toPlain(node, read.env) as Record<string, unknown>;
}

function reportUnset(node: YamlNode, read: SettingsReader): void {
  if (node.kind === 'scalar') read.text(node);
  if (node.kind === 'seq') for (const item of node.items) reportUnset(item, read);
  if (node.kind === 'map') for (const entry of node.entries) reportUnset(entry.value, read);
}
