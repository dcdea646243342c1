import type { TypedExpr } from '../expression/typed.js';
import { showDuration } from '../expression/duration.js';
import { showType } from '../types/lattice.js';
import type { Value } from '../types/type.js';
import { defaultKeyFormat } from './formats.js';
import type { AlertTransform } from './alert.js';
import type { Rollup } from './rollup.js';
import { showStore, type StoreTarget } from './store-sink.js';
import type {
  Accumulator,
  Emit,
  FoldTransform,
  Frame,
  JoinHow,
  LatePolicy,
  NamedExpr,
  Order,
  Plan,
  Relation,
  SinkNode,
  SourceNode,
  StepNode,
  Transform,
  WindowSpec,
} from './plan.js';

/** The text of a checked expression, every conversion shown: `score::long + 1`, `#0` for accumulators. For people and for tests. */
export function showExpr(expr: TypedExpr): string {
  switch (expr.kind) {
    case 'literal':
      return showLiteral(expr.value);
    case 'column':
    case 'meta':
      return expr.name;
    case 'accumulator':
      return `#${expr.index}`;
    case 'field':
      return `${operand(expr.of)}.${expr.field}`;
    case 'index':
      return `${operand(expr.of)}[${showExpr(expr.index)}]`;
    case 'unary':
      return expr.op === 'not' ? `not ${operand(expr.operand)}` : `-${operand(expr.operand)}`;
    case 'binary':
      return `${operand(expr.left)} ${expr.op} ${operand(expr.right)}`;
    case 'in':
      return `${operand(expr.operand)} ${expr.negated ? 'not in' : 'in'} [${expr.options.map(showExpr).join(', ')}]`;
    case 'cast':
      return `${operand(expr.operand)}::${showType(expr.type)}`;
    case 'call':
      if (expr.fn === 'rowJson') return `json(${expr.args.slice(1).map(showExpr).join(', ')})`;
      return `${expr.external === undefined ? expr.fn : `use ${expr.external.ref}`}(${expr.args.map(showExpr).join(', ')})`;
  }
}

function operand(expr: TypedExpr): string {
  const text = showExpr(expr);
  return ['binary', 'unary', 'in'].includes(expr.kind) ? `(${text})` : text;
}

function showLiteral(value: Value): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return `bytes(${value.length})`;
  return JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value);
}

/** A plan for people: what `rta explain --stage plan` prints. Stable, so that tests compare it. */
export function showPlan(plan: Plan): string {
  const lines = [
    `pipeline ${plan.pipeline}`,
    `late ${showPolicy(plan.late)}, errors ${showPolicy(plan.errors)}${plan.standby === undefined ? '' : `, standby ${plan.standby}`}`,
  ];
  for (const source of plan.sources) lines.push('', ...showSource(source));
  for (const step of plan.steps) lines.push('', ...showStep(step));
  for (const sink of plan.sinks) lines.push('', ...showSink(sink));
  if (plan.topics.length > 0) lines.push('', ...plan.topics.map((topic) => `topic ${JSON.stringify(topic)}`));
  for (const alert of plan.alerts ?? []) lines.push('', `alert ${alert.name} → ${alert.notify.join(', ')}`);
  for (const { name, when, forMs, keepFiringMs } of plan.metricsAlerts?.alerts ?? [])
    lines.push(`  ${name}: metrics ${showExpr(when)}, for ${showDuration(forMs)}, kept for ${showDuration(keepFiringMs)}`);
  for (const board of plan.boards ?? []) lines.push('', `board ${JSON.stringify(board)}`);
  for (const test of plan.tests) {
    const { span: _, ...rest } = test;
    lines.push('', `test ${JSON.stringify(rest, testReplacer)}`);
  }
  return `${lines.join('\n')}\n`;
}

function showPolicy(policy: LatePolicy | Plan['errors']): string {
  return policy.policy === 'topic' ? `→ ${policy.topic}` : policy.policy;
}

function showSource(source: SourceNode): string[] {
  const time = source.time.from === 'column' ? showExpr(source.time.expr) : source.time.from;
  const idle = source.idleMs === null ? '' : `, idle ${showDuration(source.idleMs)}`;
  const ahead = source.maxAheadMs === null ? '' : `, at most ${showDuration(source.maxAheadMs)} ahead`;
  const drift = source.maxDriftMs === null ? '' : `, at most ${showDuration(source.maxDriftMs)} apart`;
  const change = source.onIncompatibleSchemaChange === undefined ? '' : `, schema change ${source.onIncompatibleSchemaChange}`;
  return [
    `${source.id}: topic ${source.topic} (${source.format}), ${showKey(source)} (${source.keyFormat}), from ${source.start}`,
    `  time ${time}, lateness ${showDuration(source.latenessMs)}${idle}${ahead}${drift}${change}`,
    `  → ${showRelation(source.output)}`,
  ];
}

/** One column that the value has as its name, else a list; `+` marks columns that the key adds. */
function showKey({ key, keyAdds }: SourceNode): string {
  if (key === null) return 'key -';
  const names = key.map((name) => (keyAdds.length > 0 ? `+${name}` : name));
  return `key ${names.length === 1 ? names[0] : `[${names.join(', ')}]`}`;
}

function showStep(step: StepNode): string[] {
  const inputs = [step.input, ...(step.others ?? [])].join(', ');
  return [`${step.id}: ${step.verb} of ${inputs}`, ...step.transforms.flatMap(showTransform), `  → ${showRelation(step.output)}`];
}

function showSink(sink: SinkNode): string[] {
  const compacted = sink.compacted ? ', compacted' : '';
  const keyFormat = sink.keyFormat === defaultKeyFormat(sink.format, sink.key?.length ?? null) ? '' : ` (${sink.keyFormat})`;
  const store = sink.store === undefined ? '' : ` → ${showStore(sink.store)}${showTtl(sink.store)}`;
  return [
    `${sink.id}: ${sink.input} → topic ${sink.topic} (${sink.format}${compacted}), key ${sink.key === null ? '-' : `[${sink.key.join(', ')}]`}${keyFormat}${store}`,
    `  key ${JSON.stringify(sink.keySchema)}`,
    `  value ${JSON.stringify(sink.valueSchema)}`,
    ...(sink.store?.kind === 'table' ? (sink.store.rollups ?? []) : []).flatMap(showRollup),
  ];
}

function showRollup({ name, everyMs, ttlMs, group, accumulators, results }: Rollup): string[] {
  const ttl = ttlMs === null ? '' : ` ttl ${showDuration(ttlMs)}`;
  return [
    `  rollup ${name} by [${group.map(showNamed).join(', ')}] every ${showDuration(everyMs)}${ttl}`,
    ...accumulators.map((accumulator, index) => `    #${index} = ${showAccumulator(accumulator)}`),
    `    ${results.map(showNamed).join(', ')}`,
  ];
}

function showTtl(target: StoreTarget): string {
  if (target.kind === 'parquet') return ` (every ${showDuration(target.everyMs)}, ${target.rows} rows, ${target.bytes} bytes)`;
  return target.kind === 'webhook' || target.ttlMs === null ? '' : ` (ttl ${showDuration(target.ttlMs)})`;
}

/** What a transform does, its first line indented by two, those that say more by four. */
export function showTransform(transform: Transform): string[] {
  switch (transform.type) {
    case 'filter':
      return [`  filter ${showExpr(transform.condition)}`];
    case 'project':
      return [`  project ${transform.columns.map(showNamed).join(', ')}`];
    case 'unnest':
      return [`  unnest ${transform.column.name}: ${showType(transform.column.type)} of ${showExpr(transform.array)}`];
    case 'fold': {
      const ttl = transform.ttlMs === null ? '' : ` ttl ${showDuration(transform.ttlMs)}`;
      return [
        `  fold by [${transform.group.map(showNamed).join(', ')}]${showWindow(transform.window)}${showCloses(transform)}${ttl}${transform.ordered ? ' ordered' : ''}${transform.panes === true || transform.gathers === true ? ' from panes' : ''} emit ${showEmit(transform.emit)}`,
        ...transform.accumulators.map((accumulator, index) => `    #${index} = ${showAccumulator(accumulator)}`),
        `    ${transform.results.map(showNamed).join(', ')}`,
      ];
    }
    case 'spread':
      return [`  spread ${transform.column} as ${transform.rank ?? '-'}`];
    case 'join': {
      const { how, outer, leftKey, rightKey, take, condition, copartitioned } = transform;
      const on = leftKey.map((expr, i) => `${showExpr(expr)} == ${showExpr(rightKey[i])}`).join(' and ');
      return [
        `  ${outer} join on ${on}${showHow(how)}${copartitioned === true ? ', copartitioned' : ''}`,
        ...(condition === null ? [] : [`    where ${showExpr(condition.expr)}`]),
        `    take ${take.map(showNamed).join(', ')}`,
        ...(condition === null || condition.carried.length === 0 ? [] : [`    carry ${condition.carried.map(showNamed).join(', ')}`]),
      ];
    }
    case 'rank': {
      const ties = transform.ties ? ' with ties' : '';
      return [
        `  rank ${transform.k}${ties} by [${transform.by.map(showOrder).join(', ')}] then [${transform.tieBreak.join(', ')}]`,
        `    per [${transform.group.join(', ')}] as ${transform.rank ?? '-'}${transform.closes ? ' until window_end' : ''} emit ${showEmit(transform.emit)}`,
      ];
    }
    case 'alert':
      return [showAlert(transform)];
    case 'over': {
      const ttl = transform.ttlMs === null ? '' : ` ttl ${showDuration(transform.ttlMs)}`;
      return [
        `  over by [${transform.group.map(showNamed).join(', ')}]${ttl}`,
        ...transform.accumulators.map(
          (accumulator, index) => `    #${index} = ${showAccumulator(accumulator)} over ${showFrame(accumulator.over)}`,
        ),
        `    ${transform.columns.map(showNamed).join(', ')}`,
      ];
    }
  }
}

function showAlert({ forMs, keepFiringMs, noDataMs, periodMs, shiftMs }: AlertTransform): string {
  const parts = [
    ...(forMs > 0 ? [`for ${showDuration(forMs)}`] : []),
    ...(keepFiringMs > 0 ? [`kept for ${showDuration(keepFiringMs)}`] : []),
    ...(noDataMs === null ? [] : [`or no row for ${showDuration(noDataMs)}`]),
    ...(periodMs === null ? [] : [`a row each ${showDuration(periodMs)}`]),
    ...(shiftMs === 0 ? [] : ['at the end of windows']),
  ];
  return `  alert${parts.map((part) => ` ${part}`).join(',')}`;
}

function showHow(how: JoinHow): string {
  if (how.kind === 'tables') return how.foreign ? ' of tables, a foreign key' : ' of tables';
  if (how.kind !== 'within') return how.kind === 'asOf' ? ' as of its time' : ' latest version';
  const { beforeMs, afterMs, graceMs } = how;
  return ` within ${showDuration(beforeMs)} before, ${showDuration(afterMs)} after, grace ${showDuration(graceMs)}`;
}

function showNamed({ name, expr }: NamedExpr): string {
  return expr.kind === 'column' && expr.name === name ? name : `${name}: ${showExpr(expr)}`;
}

function showWindow(window: WindowSpec | null): string {
  if (window === null) return '';
  const late = window.late === null ? '' : ` late ${showPolicy(window.late)}`;
  return ` window ${showKind(window)} grace ${showDuration(window.graceMs)}${late}`;
}

function showCloses({ closes }: FoldTransform): string {
  return closes === undefined ? '' : ` until ${showExpr(closes)}`;
}

function showKind(window: WindowSpec): string {
  switch (window.kind) {
    case 'hopping':
      return `${showDuration(window.sizeMs)} every ${showDuration(window.advanceMs)}${showZone(window.zone)}`;
    case 'cumulate':
      return `cumulate ${showDuration(window.sizeMs)} every ${showDuration(window.stepMs)}${showZone(window.zone)}`;
    case 'sliding':
      return `sliding ${showDuration(window.sizeMs)}`;
    case 'session':
      return `session ${showDuration(window.gapMs)}`;
  }
}

function showZone(zone: string | null): string {
  return zone === null ? '' : ` in ${zone}`;
}

function showEmit(emit: Emit): string {
  return emit.mode === 'every' ? `every ${showDuration(emit.everyMs)}` : emit.mode;
}

function showAccumulator({ fn, arg, by, limit, top, fraction, where, type }: Accumulator): string {
  const args = [arg, by].flatMap((expr) => (expr ? [showExpr(expr)] : []));
  if (top !== undefined) args.push(`[${top.by.map(showOrder).join(', ')}]${top.ties ? ' with ties' : ''}`);
  for (const constant of [limit, fraction]) if (constant !== undefined) args.push(String(constant));
  return `${fn}(${args.join(', ')})${where === null ? '' : ` where ${showExpr(where)}`}: ${showType(type)}`;
}

function showFrame({ unit, size, previous }: Frame): string {
  return `${previous ? 'previous ' : ''}${unit === 'ms' ? showDuration(size) : `${size} rows`}`;
}

function showOrder(order: Order): string {
  return `${showExpr(order.expr)} ${order.descending ? 'desc' : 'asc'}${order.nullsFirst ? ' nulls first' : ''}`;
}

function showRelation(relation: Relation): string {
  const columns = relation.columns.map((column) => `${column.name}: ${showType(column.type)}`).join(', ');
  const key = relation.key === null ? '-' : `[${relation.key.join(', ')}]`;
  return `${relation.windowed ? 'windowed ' : ''}${relation.kind} key ${key} (${columns})`;
}

function testReplacer(key: string, value: unknown): unknown {
  if (key === 'span') return undefined;
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Uint8Array ? [...value] : value;
}
