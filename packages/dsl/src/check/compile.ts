import { buildPipeline } from '../ast/build.js';
import type { PipelineAst } from '../ast/ast.js';
import { PIPELINE } from '../ast/pipeline-schema.js';
import { MODIFIERS } from '../ast/shapes.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { inOrder } from '../diagnostics/render.js';
import type { Plan, SinkNode, StepNode } from '../plan/plan.js';
import { yamlMessages } from '../yaml/messages.js';
import { describe, entryOf, type YamlMap, type YamlNode } from '../yaml/node.js';
import { parseYaml } from '../yaml/parse.js';
import { SettingsReader } from '../yaml/read.js';
import { structureCheck, type JsonSchema, type StructureCheck } from '../yaml/schema.js';
import { checkAlerts } from './alerts.js';
import { checkBoards } from './boards.js';
import { messages } from './messages.js';
import type { OperatorSpec } from './operator-spec.js';
import type { CompileInput, Session } from './session.js';
import { checkSinks, type CheckedSink } from './sinks.js';
import { checkStreams, type Graph } from './streams.js';
import { checkTests } from './tests.js';
import { checkTopics, topicsOf } from './topics.js';

export type { CompileInput, LoadedSchema } from './session.js';

/** A plan when there is no error; warnings may come with it. */
export interface CompileResult {
  readonly plan: Plan | null;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles one pipeline file: YAML → AST → names resolved and types checked → logical plan. Never throws on any text; all errors of the
 * file come at once. Pure: the file system, the environment and the registry are the caller's.
 */
export function compile(input: CompileInput): CompileResult {
  const { root, diagnostics } = parseYaml(input.file);
  return compileTree(root, diagnostics, input);
}

/** Compiles what was read already: from YAML, or from what a program built. `diagnostics` are what was found wrong on the way. */
export function compileTree(root: YamlNode | null, found: readonly Diagnostic[], input: CompileInput): CompileResult {
  const diagnostics = [...found];
  const session = openSession(input, diagnostics);
  if (root === null) return { plan: null, diagnostics: inOrder(diagnostics) };
  if (root.kind !== 'map') {
    session.report(yamlMessages.wrongShape(root.span, 'a pipeline', 'a map that begins with `pipeline: name`', describe(root)));
    return { plan: null, diagnostics: inOrder(diagnostics) };
  }
  checkStructure(root, session);
  const ast = buildPipeline(root, session.read);
  const plan = check(ast, session);
  return { plan: session.hasErrors() ? null : plan, diagnostics: inOrder(diagnostics) };
}

function check(ast: PipelineAst, session: Session): Plan {
  if (ast.sinks.length === 0 && !ast.saysSink) session.report(messages.noSink(ast.span));
  const graph = checkStreams(ast, session);
  const checkedSinks = checkSinks(ast.sinks, graph, session);
  const alerts = checkAlerts(ast.alerts, ast.name?.value ?? '', graph, topicsTaken(ast, graph, checkedSinks), session);
  const tested = alerts.sink === null ? checkedSinks : [...checkedSinks, { node: alerts.sink, from: null, missing: new Set<string>() }];
  const sinks = tested.map(({ node }) => node);
  const allSteps = [...graph.steps, ...alerts.steps];
  if (!session.hasErrors()) graph.reportUnused();
  const late = ast.late?.value ?? session.project?.defaults.late ?? { policy: 'drop' };
  const errors = ast.errors?.value ?? session.project?.defaults.errors ?? { policy: 'fail' };
  const standby = ast.standby ?? session.project?.defaults.standby ?? 0;
  const touched = new Set([...graph.sources, ...sinks].map((node) => node.topic));
  for (const policy of [late, errors]) if (policy.policy === 'topic') touched.add(policy.topic);
  const topics = topicsOf(ast, touched, session);
  checkTopics(ast, graph.sources, sinks, topics, session);
  const windows = graph.steps
    .flatMap((step) => step.transforms)
    .map((transform) => (transform.type === 'fold' ? transform.window?.late : null));
  const aside = new Set([late, errors, ...windows].flatMap((policy) => (policy?.policy === 'topic' ? [policy.topic] : [])));
  const tests = checkTests(ast.tests, { ...graph, sinks: tested, aside, errors }, session);
  const read = reachable(allSteps, sinks);
  return {
    pipeline: ast.name?.value ?? '',
    path: session.file.path,
    sources: graph.sources.filter((source) => read.has(source.id)),
    steps: allSteps.filter((step) => read.has(step.id)),
    sinks,
    late,
    errors,
    ...(standby > 0 ? { standby } : {}),
    topics,
    tests,
    ...(alerts.alerts.length > 0 ? { alerts: alerts.alerts } : {}),
    ...(alerts.metrics === null ? {} : { metricsAlerts: alerts.metrics }),
    boards: checkBoards(ast.boards, graph, checkedSinks, session),
  };
}

/** The topics that a pipeline has beside those of its alerts, and what has them. */
function topicsTaken(ast: PipelineAst, graph: Graph, sinks: readonly CheckedSink[]): ReadonlyMap<string, string> {
  const aside = [ast.late?.value, ast.errors?.value].flatMap((policy) => (policy?.policy === 'topic' ? [policy.topic] : []));
  return new Map([
    ...aside.map((topic) => [topic, '`late` or `errors`'] as const),
    ...graph.sources.map((source) => [source.topic, `the source \`${source.name}\``] as const),
    ...sinks.map(({ node }) => [node.topic, `the sink \`${node.name}\``] as const),
  ]);
}

/** The ids of what the sinks depend on: the rest does not run. */
function reachable(steps: readonly StepNode[], sinks: readonly SinkNode[]): ReadonlySet<string> {
  const inputs = new Map(steps.map((step) => [step.id, [step.input, ...(step.others ?? [])]]));
  const found = new Set<string>();
  const visit = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const input of inputs.get(id) ?? []) visit(input);
  };
  for (const sink of sinks) visit(sink.input);
  return found;
}

const EXCLUSIVE = [
  ['source', 'sources'],
  ['steps', 'streams'],
  ['sink', 'sinks'],
] as const;

function checkStructure(root: YamlMap, session: Session): void {
  const start = { ...root.span, end: Math.min(root.span.start + 1, root.span.end) };
  const at = root.entries.length > 0 ? root.entries[0].keySpan : start;
  structureCheck(PIPELINE, session.env)(root, 'a pipeline', at, session.report);
  for (const [one, other] of EXCLUSIVE) {
    const second = entryOf(root, other);
    if (second !== null && entryOf(root, one) !== null)
      session.report(yamlMessages.either(second.keySpan, one, other, `\`${other}\` holds several, by name`));
  }
}

const modifierChecks = new Map<string, JsonSchema>(Object.entries(MODIFIERS));

function openSession(input: CompileInput, diagnostics: Diagnostic[]): Session {
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const checks = new Map<JsonSchema, StructureCheck>();
  const checkOf = (schema: JsonSchema): StructureCheck => {
    const known = checks.get(schema) ?? structureCheck(schema, input.env);
    checks.set(schema, known);
    return known;
  };
  return {
    ...input,
    report,
    hasErrors: () => diagnostics.some((diagnostic) => diagnostic.severity === 'error'),
    read: new SettingsReader(input.env, report),
    configCheck: (spec: OperatorSpec) => checkOf(spec.configSchema),
    modifierCheck(name) {
      const schema = modifierChecks.get(name);
      return schema === undefined ? null : checkOf(schema);
    },
  };
}
