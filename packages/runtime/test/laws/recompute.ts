/**
 * What a pipeline's final results are, straight from SEMANTICS.md: the whole input at once, no stages, no state, no emission. Every source
 * partition is a list of events; the watermark that the pipeline has reached in the end is given by them too.
 */
import {
  type Accumulator,
  ExpressionError,
  type FoldTransform,
  type Plan,
  type ProjectTransform,
  type RankTransform,
  type Relation,
  type Row,
  type StepNode,
  type Value,
} from '@rta/dsl';
import { doubleOfExact, exactOfDouble } from '../../src/kernel/interpreter/exact-sum.js';
import { canonicalLong, compareTotally, compareValues } from '../../src/kernel/interpreter/values.js';
import { evaluateExpr } from './evaluation.js';
import { textOfRow, textOfValue } from './text.js';
import { lookBack } from './recompute-over.js';
import { lastRow } from './recompute-last-row.js';
import type { LateReport } from './stage-runner.js';

/** A record of a source partition; null: one that is rejected before it is a row. */
export type InputRow = { readonly row: Row; readonly time: number } | null;

export interface Recomputed {
  /** Final rows per sink, as text: of a table the rows, of a stream the multiset, both sorted. */
  readonly sinks: ReadonlyMap<string, readonly string[]>;
  readonly late: readonly LateReport[];
}

export interface StreamItem {
  readonly row: Row;
  readonly time: number;
  readonly origin: { readonly partition: number; readonly offset: number; readonly watermark: number } | null;
}

/** Rows of a stream, or the rows that a table has in the end, and the watermark that got here. */
export interface Rows {
  readonly items: readonly StreamItem[];
  readonly watermark: number;
}

export function recompute(plan: Plan, partitions: readonly (readonly InputRow[])[]): Recomputed {
  const late: LateReport[] = [];
  const [source] = plan.sources;
  const relations = new Map<string, Rows>([[source.id, readSource(plan, partitions)]]);
  for (const step of plan.steps) {
    let rows = relations.get(step.input)!;
    for (const transform of step.transforms) {
      switch (transform.type) {
        case 'filter':
          rows = mapRows(rows, (item) => (evaluateExpr(transform.condition, item) === true ? item.row : null));
          break;
        case 'project':
          rows = mapRows(rows, (item) => project(transform, item));
          break;
        case 'fold':
          rows = fold(transform, rows, step.id, late);
          break;
        case 'rank':
          rows = rank(transform, rows);
          break;
        case 'over':
          rows = lookBack(transform, rows, relationBefore(plan, step).columns, step.id, late);
          break;
      }
    }
    relations.set(step.id, rows);
  }
  const sinks = plan.sinks.map((sink): [string, string[]] => {
    const { items } = relations.get(sink.input)!;
    return [sink.topic, items.map(({ row }) => textOfRow(sink.columns, row)).sort()];
  });
  return { sinks: new Map(sinks), late };
}

function relationBefore(plan: Plan, step: StepNode): Relation {
  return (plan.steps.find(({ id }) => id === step.input) ?? plan.sources[0]).output;
}

/** Rule 1: a partition's watermark is its greatest event time so far, less the lateness. */
function readSource(plan: Plan, partitions: readonly (readonly InputRow[])[]): Rows {
  const { latenessMs } = plan.sources[0];
  const items: StreamItem[] = [];
  const watermarks = partitions.map((rows, partition) => {
    let greatest = -Infinity;
    rows.forEach((input, offset) => {
      if (input === null) return;
      greatest = Math.max(greatest, input.time);
      const item = { ...input, origin: { partition, offset, watermark: greatest - latenessMs } };
      if (!fails(plan, item)) items.push(item);
    });
    return greatest - latenessMs;
  });
  return { items, watermark: Math.min(...watermarks) };
}

/** Whether some expression over the record fails, on any branch: it has no effect then. */
function fails(plan: Plan, item: StreamItem): boolean {
  try {
    const mapped = new Map<string, StreamItem | null>([[plan.sources[0].id, item]]);
    for (const step of plan.steps) mapped.set(step.id, mapped.has(step.input) ? applyTo(step, mapped.get(step.input)!) : null);
    return false;
  } catch (error) {
    if (error instanceof ExpressionError) return true;
    throw error;
  }
}

/** The record-level part of a step; null behind a fold, or where the record was filtered out. */
function applyTo(step: StepNode, item: StreamItem | null): StreamItem | null {
  for (const transform of step.transforms) {
    if (item === null) return null;
    if (transform.type === 'filter') item = evaluateExpr(transform.condition, item) === true ? item : null;
    else if (transform.type === 'project') item = { ...item, row: project(transform, item) };
    else if (transform.type === 'fold') {
      for (const group of transform.group) evaluateExpr(group.expr, item);
      for (const accumulator of transform.accumulators) argumentOf(accumulator, item);
      return null;
    } else if (transform.type === 'over') {
      for (const group of transform.group) evaluateExpr(group.expr, item);
      for (const accumulator of transform.accumulators) argumentOf(accumulator, item);
      return null;
    }
  }
  return item;
}

function mapRows(rows: Rows, map: (item: StreamItem) => Row | null): Rows {
  const items = rows.items.flatMap((item) => {
    const row = orNull(() => map(item));
    return row === null ? [] : [{ ...item, row }];
  });
  return { ...rows, items };
}

function project(transform: ProjectTransform, item: StreamItem): Row {
  return Object.fromEntries(transform.columns.map((c) => [c.name, evaluateExpr(c.expr, item)]));
}

// ---- Aggregation ----

function fold(transform: FoldTransform, rows: Rows, step: string, late: LateReport[]): Rows {
  const buckets = new Map<string, { group: Row; start: number | null; items: StreamItem[] }>();
  for (const item of rows.items) {
    const group: Row = Object.fromEntries(transform.group.map((g) => [g.name, evaluateExpr(g.expr, item)]));
    const missed: { start: number; end: number }[] = [];
    for (const { start, end, closesAt } of intervalsOf(transform, item.time)) {
      // Rule 2: judged against the record's own partition, at the source only.
      if (item.origin !== null && item.origin.watermark >= closesAt) {
        missed.push({ start, end });
        continue;
      }
      const id = `${transform.group.map((g) => textOfValue(g.expr.type, group[g.name])).join()}|${transform.window ? start : ''}`;
      const bucket = buckets.get(id) ?? { group, start: transform.window ? start : null, items: [] };
      bucket.items.push(item);
      buckets.set(id, bucket);
    }
    if (missed.length > 0) late.push({ partition: item.origin!.partition, offset: item.origin!.offset, step, windows: missed });
  }
  const hold = transform.window?.graceMs ?? 0;
  const items = [...buckets.values()].flatMap(({ group, start, items: members }): StreamItem[] => {
    const end = start === null ? null : start + transform.window!.sizeMs;
    if (transform.emit.mode === 'final' && end! + hold > rows.watermark) return [];
    const counted = transform.ttlMs === null ? members : newestIncarnation(members, transform.ttlMs, rows.watermark);
    if (counted.length === 0) return [];
    const time = transform.emit.mode === 'final' ? end! - 1 : Math.max(...counted.map((item) => item.time));
    const windows: Row = start === null ? {} : { window_start: start, window_end: end };
    const row = orNull(() => resultOf(transform, { ...group, ...windows }, counted, time));
    return row === null ? [] : [{ row, time, origin: null }];
  });
  return { items, watermark: rows.watermark - hold };
}

/** The windows that contain a time, oldest first; without windows one that never closes, or, with ttl, at the end of the ttl. */
function intervalsOf({ window, ttlMs, ordered }: FoldTransform, time: number): { start: number; end: number; closesAt: number }[] {
  if (ordered) return [{ start: time, end: time + 1, closesAt: time + 1 }];
  if (window === null) return [{ start: time, end: time + (ttlMs ?? 0), closesAt: ttlMs === null ? Infinity : time + ttlMs }];
  const { sizeMs, advanceMs, graceMs } = window;
  const first = Math.floor((time - sizeMs) / advanceMs) * advanceMs + advanceMs;
  const starts = Array.from({ length: Math.floor((time - first) / advanceMs) + 1 }, (_, i) => first + i * advanceMs);
  return starts.map((start) => ({ start, end: start + sizeMs, closesAt: start + sizeMs + graceMs }));
}

/** Rule 3: records no more than the ttl apart belong together; the last such stretch is the row, until its last record + ttl. */
function newestIncarnation(items: readonly StreamItem[], ttlMs: number, watermark: number): StreamItem[] {
  const sorted = [...items].sort((a, b) => b.time - a.time);
  if (sorted[0].time + ttlMs <= watermark) return [];
  const end = sorted.findIndex((item, i) => i > 0 && sorted[i - 1].time - item.time > ttlMs);
  return end === -1 ? sorted : sorted.slice(0, end);
}

function resultOf(transform: FoldTransform, row: Row, items: readonly StreamItem[], time: number): Row {
  const accumulated = transform.accumulators.map((accumulator) => {
    if (accumulator.fn === 'lastRow') return () => lastRow(accumulator.type, items);
    const values = items.map((item) => argumentOf(accumulator, item)).filter((value) => value !== null);
    return () => accumulate(accumulator, values);
  });
  const results = transform.results.map((r) => [r.name, evaluateExpr(r.expr, { row, time }, accumulated)]);
  return { ...row, ...Object.fromEntries(results) };
}

/** What a row gives to an accumulator; null: nothing. */
export function argumentOf({ where, arg }: Accumulator, item: StreamItem): Value {
  if (where !== null && evaluateExpr(where, item) !== true) return null;
  return arg === null ? true : evaluateExpr(arg, item);
}

export function accumulate({ fn, type }: Accumulator, values: readonly Value[]): Value {
  switch (fn) {
    case 'count':
      return values.length;
    case 'min':
      return [...values].sort(compareTotally)[0] ?? null;
    case 'max':
      return [...values].sort((a, b) => compareTotally(b, a))[0] ?? null;
    case 'sum':
      break;
    case 'lastRow':
      throw new Error('the last row is not made of values');
  }
  if (type.kind === 'double') {
    const doubles = values as number[];
    if (!doubles.every(Number.isFinite)) return doubles.filter((x) => !Number.isFinite(x)).reduce((a, b) => a + b);
    return doubleOfExact(doubles.map(exactOfDouble).reduce((a, b) => a + b, 0n));
  }
  const sum = values.map((value) => BigInt(value as number | bigint)).reduce((a, b) => a + b, 0n);
  if (sum !== BigInt.asIntN(64, sum)) throw new ExpressionError('overflow', 'the sum is outside 64 bits');
  return canonicalLong(sum);
}

// ---- Boards ----

function rank({ group, by, tieBreak, k, ties, rank: name, emit }: RankTransform, rows: Rows): Rows {
  const groups = new Map<string, { item: StreamItem; order: Value[] }[]>();
  for (const item of rows.items) {
    const order = orNull(() => by.map((o) => evaluateExpr(o.expr, item)));
    if (order === null) continue;
    const id = JSON.stringify(group.map((name) => textOf(item.row[name])));
    groups.set(id, [...(groups.get(id) ?? []), { item, order }]);
  }
  const items = [...groups.values()].flatMap((members) => {
    const compareBy = (a: Value[], b: Value[]): number => firstNonZero(by.map((o, i) => ordered(a[i], b[i], o.descending, o.nullsFirst)));
    const compareTie = (a: Row, b: Row): number => firstNonZero(tieBreak.map((c) => ordered(a[c], b[c], false, false)));
    const sorted = members.sort((a, b) => compareBy(a.order, b.order) || compareTie(a.item.row, b.item.row));
    const board = sorted.filter((member, i) => i < k || (ties && compareBy(member.order, sorted[k - 1].order) === 0));
    const end = members[0].item.row.window_end as number;
    if (emit.mode === 'final' && end > rows.watermark) return [];
    return board.map(({ item }, i) => ({
      row: name === null ? item.row : { [name]: i + 1, ...item.row },
      time: emit.mode === 'final' ? end - 1 : item.time,
      origin: null,
    }));
  });
  return { ...rows, items };
}

/** Groups are told apart by their bytes: zero and negative zero are two. */
function textOf(value: Value): string {
  return Object.is(value, -0) ? '-0' : `${typeof value} ${value as string}`;
}

function ordered(a: Value, b: Value, descending: boolean, nullsFirst: boolean): number {
  if (a === null && b === null) return 0;
  if (a === null) return nullsFirst ? -1 : 1;
  if (b === null) return nullsFirst ? 1 : -1;
  return descending ? compareValues(b, a) : compareValues(a, b);
}

function firstNonZero(orders: readonly number[]): number {
  return orders.find((order) => order !== 0) ?? 0;
}

/** Rule 12: an error in a row of a table takes the row away. */
function orNull<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}
