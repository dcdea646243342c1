import type { AlertAst } from '../ast/ast.js';
import { binary, call, literal } from '../expression/build.js';
import { rowJsonOf } from '../expression/functions/row-json.js';
import type { TypedExpr } from '../expression/typed.js';
import { type Alert, type AlertTransform, INCIDENT_COLUMNS } from '../plan/alert.js';
import type {
  Accumulator,
  Column,
  FoldTransform,
  MetricsAlerts,
  NamedExpr,
  OverTransform,
  SinkNode,
  StepNode,
  Transform,
} from '../plan/plan.js';
import { BOOLEAN, nullable, STRING, TIMESTAMP } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { columnExpr } from './columns.js';
import { checkConditionOver } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import { checkMetricsAlert, isOnMetrics } from './metrics-alert.js';
import type { Session } from './session.js';
import { keySchema, valueSchema } from './sinks.js';
import type { Graph } from './streams.js';

/** The alerts of a pipeline: steps that find incidents, and the topic that these go to. */
export interface CheckedAlerts {
  readonly alerts: readonly Alert[];
  readonly steps: readonly StepNode[];
  readonly sink: SinkNode | null;
  readonly metrics: MetricsAlerts | null;
}

const NONE: CheckedAlerts = { alerts: [], steps: [], sink: null, metrics: null };
const WINDOW = ['window_start', 'window_end'];
// No column of a pipeline has a dot in its name.
const [WHEN, ROW] = ['alert.when', 'alert.row'];

/** Checks the alerts of the pipeline `pipeline`. `taken`: its other topics, and in words what has them. */
export function checkAlerts(
  asts: readonly AlertAst[],
  pipeline: string,
  graph: Graph,
  taken: ReadonlyMap<string, string>,
  session: Session,
): CheckedAlerts {
  if (asts.length === 0) return NONE;
  const topic = `${pipeline}-alerts`;
  const other = taken.get(topic);
  if (other !== undefined) session.report(messages.alertTopic(asts[0].span, topic, other));
  for (const ast of asts) checkSettings(ast, session);
  const onMetrics = asts.filter(isOnMetrics);
  const measured = onMetrics.flatMap((ast) => checkMetricsAlert(ast, session) ?? []);
  const steps = asts.flatMap((ast) => (isOnMetrics(ast) ? [] : (checkAlert(ast, pipeline, graph, session) ?? [])));
  if (steps.length + measured.length < asts.length) return NONE;
  const alerts = asts.map(({ name, notify }): Alert => ({ name, notify: notify.map(({ value }) => value) }));
  const columns = incidentColumns();
  const schemas = { keySchema: keySchema(topic, columns, ['dedup_key']), valueSchema: valueSchema(topic, columns) };
  const metrics = measured.length === 0 ? null : { alerts: measured, topic, ...schemas };
  if (steps.length === 0) return { alerts, steps, sink: null, metrics };
  const [first, ...others] = steps;
  const union: StepNode = {
    ...first,
    id: 'alerts.from',
    verb: 'from',
    name: null,
    input: first.id,
    others: others.map(({ id }) => id),
    transforms: [],
  };
  const sink: SinkNode = {
    id: 'alerts',
    name: 'alerts',
    input: others.length === 0 ? first.id : union.id,
    topic,
    format: 'avro',
    keyFormat: 'avro',
    key: ['dedup_key'],
    ...schemas,
    compacted: true,
    columns,
    span: first.span,
  };
  return { alerts, steps: others.length === 0 ? steps : [...steps, union], sink, metrics };
}

/** What can be said of any alert. */
function checkSettings({ notify, ...ast }: AlertAst, session: Session): void {
  const targets = [...(session.project?.notify.keys() ?? [])];
  for (const target of notify)
    if (!targets.includes(target.value)) session.report(messages.unknownTarget(target.span, target.value, targets));
  for (const [key, value] of [
    ['for', ast.forMs],
    ['keepFiringFor', ast.keepFiringMs],
    ['noData', ast.noDataMs],
  ] as const)
    if (value !== null && value.value <= 0) session.report(messages.notPositive(value.span, key));
}

/** The step of one alert; null with reports. */
function checkAlert(ast: AlertAst, pipeline: string, graph: Graph, session: Session): StepNode | null {
  const { name, span } = ast;
  const id = `alerts.${name}`;
  if (graph.steps.some((step) => step.id === id)) session.report(messages.sourceTwice(span, 'the alert or step', id));
  const flow = graph.resolve(ast.from, span);
  if (flow === null || ast.when === null) return null;
  const when = checkConditionOver(flow, ast.when, '`when`', session);
  const isTable = flow.relation.kind === 'table';
  if (isTable && !flow.relation.windowed) session.report(messages.alertOfTable(span, name));
  else if (isTable && flow.periodic) session.report(messages.alertOfPeriodic(span, name));
  if (when === null || (isTable && !flow.relation.windowed)) return null;
  const columns = incidentColumns();
  return {
    id,
    verb: 'alert',
    name,
    input: flow.id,
    transforms: alertTransforms(ast, pipeline, flow, when, graph.steps),
    output: { kind: 'stream', columns, key: ['dedup_key'], windowed: false },
    span,
  };
}

/** What is said of an incident: the columns of the topic. */
function incidentColumns(): readonly Column[] {
  const types: Partial<Record<string, Type>> = { since: TIMESTAMP, opened_at: TIMESTAMP, at: TIMESTAMP };
  const columns = INCIDENT_COLUMNS.map((name): Column => ({ name, type: types[name] ?? STRING }));
  return [columns[0], { name: 'alert', type: STRING }, ...columns.slice(1)];
}

/** Rows are judged where they are, then those of windows when these are closed, then sorted by key; and then incidents are found. */
function alertTransforms(ast: AlertAst, pipeline: string, flow: Flow, when: TypedExpr, steps: readonly StepNode[]): readonly Transform[] {
  const { span, name } = ast;
  const { relation } = flow;
  const column = (of: string, type?: Type): TypedExpr =>
    columnExpr({ name: of, type: type ?? relation.columns.find((each) => each.name === of)!.type }, span);
  const named = (of: string): NamedExpr => ({ name: of, expr: column(of) });
  const json = (columns: readonly Column[]): TypedExpr =>
    call('rowJson', [literal(rowJsonOf(columns), STRING, span), ...columns.map((each) => columnExpr(each, span))], STRING, span);
  const keyColumns = relation.columns.filter((each) => relation.key?.includes(each.name) === true);
  const group = keyColumns.filter((each) => !WINDOW.includes(each.name));
  const judged: Transform = {
    type: 'project',
    columns: [...keyColumns.map((each) => named(each.name)), { name: WHEN, expr: when }, { name: ROW, expr: json(relation.columns) }],
  };
  const key = json(group);
  const prefix = literal(`${pipeline}/${name}${group.length === 0 ? '' : '/'}`, STRING, span);
  const sorted: OverTransform = {
    type: 'over',
    group: group.map((each) => named(each.name)),
    ttlMs: null,
    accumulators: [],
    columns: [
      { name: 'dedup_key', expr: group.length === 0 ? prefix : call('concat', [prefix, key], STRING, span) },
      { name: 'key', expr: key },
      { name: 'when', expr: column(WHEN, BOOLEAN) },
      { name: 'row', expr: column(ROW, STRING) },
    ],
  };
  const window = windowBefore(flow.id, steps);
  const isTable = relation.kind === 'table';
  const alert: AlertTransform = {
    type: 'alert',
    forMs: ast.forMs?.value ?? 0,
    keepFiringMs: ast.keepFiringMs?.value ?? 0,
    noDataMs: ast.noDataMs?.value ?? null,
    periodMs: window?.periodMs ?? null,
    shiftMs: isTable || window !== null ? 1 : 0,
  };
  const [first, ...rest] = incidentColumns();
  const said: Transform = {
    type: 'project',
    columns: [
      { name: first.name, expr: columnExpr(first, span) },
      ...rest.map((each) => ({ name: each.name, expr: each.name === 'alert' ? literal(name, STRING, span) : columnExpr(each, span) })),
    ],
  };
  return [judged, ...(isTable ? [closed(keyColumns, ast)] : []), sorted, alert, said];
}

/** The rows of a table's windows as they are when these are closed. */
function closed(key: readonly Column[], { span }: AlertAst): FoldTransform {
  // A group has one row, which is the greatest.
  const only = (name: string, type: Type): Accumulator => ({
    fn: 'max',
    arg: columnExpr({ name, type }, span),
    where: null,
    type: nullable(type),
  });
  const accumulated = (index: number, type: Type): TypedExpr => ({ kind: 'accumulator', index, type: nullable(type), span });
  return {
    type: 'fold',
    group: key.map((each) => ({ name: each.name, expr: columnExpr(each, span) })),
    window: null,
    ttlMs: null,
    accumulators: [only(WHEN, BOOLEAN), only(ROW, STRING)],
    closes: columnExpr(
      key.find(({ name }) => name === 'window_end')!,
      span,
    ),
    results: [
      { name: WHEN, expr: binary('??', accumulated(0, BOOLEAN), literal(false, BOOLEAN, span), BOOLEAN) },
      { name: ROW, expr: binary('??', accumulated(1, STRING), literal('', STRING, span), STRING) },
    ],
    emit: { mode: 'final' },
  };
}

/** How far apart the windows end whose results come through a step, ms; `periodMs` null: that differs. Null: no such windows. */
function windowBefore(id: string, steps: readonly StepNode[]): { readonly periodMs: number | null } | null {
  for (let at = id; ;) {
    const step = steps.find((each) => each.id === at);
    if (step === undefined || step.others !== undefined) return null;
    const fold = step.transforms.findLast((transform) => transform.type === 'fold');
    if (fold !== undefined && fold.closes === undefined) {
      const { window } = fold;
      if (window?.kind === 'hopping') return { periodMs: window.zone === null ? window.advanceMs : null };
      return window?.kind === 'cumulate' ? { periodMs: window.zone === null ? window.stepMs : null } : null;
    }
    at = step.input;
  }
}
