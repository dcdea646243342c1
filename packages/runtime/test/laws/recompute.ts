/**
 * What a pipeline's final results are, straight from SEMANTICS.md: the whole input at once, no stages, no state, no emission. Every source
 * partition is a list of events; the watermark that the pipeline has reached in the end is given by them too.
 */
import {
  ExpressionError,
  type FoldTransform,
  type Plan,
  type ProjectTransform,
  type RankTransform,
  type Row,
  type SlidingWindow,
  type SourceNode,
  type Transform,
  type Value,
} from '@rta/dsl';
import { accumulate, givenBy } from './recompute-accumulators.js';
import { evaluateExpr } from './evaluation.js';
import { textOfRow, textOfValue } from './text.js';
import { joinRows, joinTable } from './recompute-join.js';
import { incidents } from './recompute-alert.js';
import { columnsBefore, relationBefore } from './columns-before.js';
import { joinTables, lastVersions } from './recompute-tables.js';
import { lastRow } from './recompute-last-row.js';
import { lookBack } from './recompute-over.js';
import { firstNonZero, ordered, spread, topRows } from './recompute-top-rows.js';
import { itemsOf } from './recompute-unnest.js';
import type { LateReport } from './stage-runner.js';

/** A record of a source partition; null: one that is rejected before it is a row. */
type InputRow = { readonly row: Row; readonly time: number; readonly deleted?: boolean } | null;

export interface Recomputed {
  /** Final rows per sink, as text: of a table the rows, of a stream the multiset, both sorted. */
  readonly sinks: ReadonlyMap<string, readonly string[]>;
  readonly late: readonly LateReport[];
}

export interface Origin {
  /** Of pipelines with several sources. */
  readonly topic?: string;
  readonly partition: number;
  readonly offset: number;
  readonly watermark: number;
}

export interface StreamItem {
  readonly row: Row;
  readonly time: number;
  readonly origin: Origin | null;
  /** Of a table: the row is deleted. */
  readonly deleted?: boolean;
  /** Of an item of an array, and of one in it: their numbers. */
  readonly path?: readonly number[];
}

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Rows of a stream, or the rows that a table has in the end, and the watermark that got here. */
export interface Rows {
  readonly items: readonly StreamItem[];
  readonly watermark: number;
}

/** The partitions of each source topic, or of the only one. */
type Inputs = readonly (readonly InputRow[])[] | ReadonlyMap<string, readonly (readonly InputRow[])[]>;

export function recompute(plan: Plan, input: Inputs): Recomputed {
  const late: LateReport[] = [];
  const relations = new Map(plan.sources.map((source): [string, Rows] => [source.id, readSource(plan, source, input)]));
  /** Of a table the rows that it has in the end. */
  const rowsOf = (id: string): Rows => {
    const source = plan.sources.find((each) => each.id === id);
    return source?.output.kind === 'table' ? lastVersions(source.output, relations.get(id)!) : relations.get(id)!;
  };
  for (const step of plan.steps) {
    let rows = rowsOf(step.input);
    if (step.transforms.length === 0) rows = union([rows, ...(step.others ?? []).map((other) => relations.get(other)!)]);
    for (const [i, transform] of step.transforms.entries()) {
      switch (transform.type) {
        case 'filter':
          rows = mapRows(rows, (item) => (evaluateExpr(transform.condition, item) === true ? item.row : null));
          break;
        case 'unnest':
          rows = { ...rows, items: rows.items.flatMap((item) => itemsOf(transform, item)) };
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
        case 'spread':
          rows = spread(transform, rows);
          break;
        case 'join':
          if (transform.how.kind === 'tables') {
            rows = joinTables(transform, relationBefore(plan, step), rows, rowsOf(step.others![0]));
            break;
          }
          rows = (transform.how.kind === 'within' ? joinRows : joinTable)(
            transform,
            step.output.columns,
            rows,
            relations.get(step.others![0])!,
            (origin, windows) => late.push(reportOf(origin, step.id, windows)),
          );
          break;
        case 'alert':
          rows = incidents(transform, rows);
          break;
        case 'over':
          rows = lookBack(transform, rows, columnsBefore(plan, step, i), (origin, windows) =>
            late.push(reportOf(origin, step.id, windows)),
          );
          break;
      }
    }
    relations.set(step.id, rows);
  }
  const sinks = plan.sinks.map((sink): [string, string[]] => {
    const { items } = rowsOf(sink.input);
    return [sink.topic, items.map(({ row }) => textOfRow(sink.columns, row)).sort()];
  });
  return { sinks: new Map(sinks), late: [...new Map(late.map((report) => [JSON.stringify(report), report])).values()] };
}

/** Rows of several streams; the watermark is the least of theirs. */
function union(inputs: readonly Rows[]): Rows {
  return { items: inputs.flatMap(({ items }) => items), watermark: Math.min(...inputs.map(({ watermark }) => watermark)) };
}

/** Rule 1: a partition's watermark is its greatest event time so far, less the lateness. */
function readSource(plan: Plan, source: SourceNode, input: Inputs): Rows {
  const { latenessMs, topic } = source;
  const partitions = 'get' in input ? input.get(topic)! : input;
  const named = 'get' in input ? { topic } : {};
  const items: StreamItem[] = [];
  const watermarks = partitions.map((rows, partition) => {
    let greatest = -Infinity;
    rows.forEach((input, offset) => {
      if (input === null) return;
      greatest = Math.max(greatest, input.time);
      const item = { ...input, origin: { ...named, partition, offset, watermark: greatest - latenessMs } };
      if (!fails(plan, source, item)) items.push(item);
    });
    return greatest - latenessMs;
  });
  return { items, watermark: Math.min(...watermarks) };
}

/** Whether some expression over the record fails, on any branch: it has no effect then. */
function fails(plan: Plan, source: SourceNode, item: StreamItem): boolean {
  try {
    // A union may pass the record on more than once, each time along another branch.
    const mapped = new Map<string, readonly StreamItem[]>([[source.id, [item]]]);
    for (const step of plan.steps) {
      // What fails on a row of a table is no failure of the record.
      const ofTable = source.output.kind === 'table' && step.input === source.id;
      const inputs = ofTable ? [] : [step.input, ...(step.transforms.length === 0 ? (step.others ?? []) : [])];
      mapped.set(
        step.id,
        inputs.flatMap((id) => mapped.get(id) ?? []).flatMap((each) => applyTo(step.transforms, each)),
      );
      const join = step.transforms.find((transform) => transform.type === 'join');
      if (join === undefined || join.how.kind === 'tables') continue;
      for (const each of mapped.get(step.others![0]) ?? [])
        for (const expr of [...join.rightKey, ...join.take.map((column) => column.expr)])
          if (each.deleted !== true) evaluateExpr(expr, each);
    }
    return false;
  } catch (error) {
    if (error instanceof ExpressionError) return true;
    throw error;
  }
}

/** The record-level part of a step; nothing behind a fold or join, or where the record was filtered out. */
function applyTo(transforms: readonly Transform[], item: StreamItem): readonly StreamItem[] {
  for (const [i, transform] of transforms.entries()) {
    if (transform.type === 'unnest') return itemsOf(transform, item).flatMap((each) => applyTo(transforms.slice(i + 1), each));
    if (transform.type === 'filter' && evaluateExpr(transform.condition, item) !== true) return [];
    if (transform.type === 'project') item = { ...item, row: project(transform, item) };
    else if (transform.type === 'fold') {
      for (const group of transform.group) evaluateExpr(group.expr, item);
      for (const accumulator of transform.accumulators) givenBy(accumulator, item);
      for (const { top } of transform.accumulators) for (const { expr } of top?.by ?? []) evaluateExpr(expr, item);
      return [];
    } else if (transform.type === 'join') {
      for (const expr of transform.leftKey) evaluateExpr(expr, item);
      return [];
    } else if (transform.type === 'over') {
      for (const group of transform.group) evaluateExpr(group.expr, item);
      for (const accumulator of transform.accumulators) givenBy(accumulator, item);
      return [];
    }
  }
  return [item];
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

/** Some rows of a group that make one result. */
interface Bucket {
  readonly group: Row;
  readonly window: Interval | null;
  readonly items: readonly StreamItem[];
}

function fold(transform: FoldTransform, rows: Rows, step: string, late: LateReport[]): Rows {
  if (transform.window?.kind === 'sliding') return slide(transform, transform.window, rows, step, late);
  const hold = holdOf(transform);
  const isFinal = transform.emit.mode === 'final';
  const items = bucketsOf(transform, rows, step, late).flatMap(({ group, window, items: members }): StreamItem[] => {
    const last = Math.max(...members.map((item) => item.time));
    const isSession = transform.window?.kind === 'session';
    const end = window?.end ?? Number(group.window_end);
    if (isFinal && (isSession ? last : end) + hold > rows.watermark) return [];
    const counted = transform.ttlMs === null ? members : newestIncarnation(members, transform.ttlMs, rows.watermark);
    if (counted.length === 0) return [];
    const time = isFinal && !isSession ? end - 1 : Math.max(...counted.map((item) => item.time));
    const windows: Row = window === null ? {} : { window_start: window.start, window_end: window.end };
    const row = orNull(() => resultOf(transform, { ...group, ...windows }, counted, time));
    return row === null ? [] : [{ row, time, origin: null }];
  });
  return { items, watermark: rows.watermark - hold };
}

function reportOf({ topic, partition, offset }: Origin, step: string, windows: LateReport['windows']): LateReport {
  return { ...(topic === undefined ? {} : { topic }), partition, offset, step, windows };
}

/** Rule 7: a row per event that was not late, over [its time - size, its time]. */
function slide(transform: FoldTransform, { sizeMs, graceMs }: SlidingWindow, rows: Rows, step: string, late: LateReport[]): Rows {
  const items = bucketsOf(transform, rows, step, late).flatMap(({ group, items: members }) =>
    members.flatMap(({ time }): StreamItem[] => {
      if (time + graceMs >= rows.watermark) return [];
      const inside = members.filter((other) => other.time >= time - sizeMs && other.time <= time);
      const row = orNull(() => resultOf(transform, { ...group, window_start: time - sizeMs, window_end: time }, inside, time));
      return row === null ? [] : [{ row, time, origin: null }];
    }),
  );
  return { items, watermark: rows.watermark - graceMs };
}

/** Rule 7: aligned windows hold the watermark by their grace; rule 3: a session is over when its last event is 2 x gap behind it. */
function holdOf({ window }: FoldTransform): number {
  if (window === null) return 0;
  return window.graceMs + (window.kind === 'session' ? 2 * window.gapMs : 0);
}

/** Rule 2: late is judged against the record's own partition, at the source only. */
function bucketsOf(transform: FoldTransform, rows: Rows, step: string, late: LateReport[]): Bucket[] {
  const buckets = new Map<string, { group: Row; window: Interval | null; items: StreamItem[] }>();
  for (const item of rows.items) {
    const group: Row = Object.fromEntries(transform.group.map((g) => [g.name, evaluateExpr(g.expr, item)]));
    const missed: Interval[] = [];
    for (const { window, missing, closesAt } of intervalsOf(transform, item.time)) {
      if (item.origin !== null && item.origin.watermark >= closesAt) {
        missed.push(missing);
        continue;
      }
      const values = transform.group.map((g) => textOfValue(g.expr.type, group[g.name])).join();
      const id = `${values}|${window === null ? '' : `${window.start}-${window.end}`}`;
      const bucket = buckets.get(id) ?? { group, window, items: [] };
      bucket.items.push(item);
      buckets.set(id, bucket);
    }
    if (missed.length > 0) late.push(reportOf(item.origin!, step, missed));
  }
  const { window } = transform;
  return window?.kind === 'session' ? [...buckets.values()].flatMap((bucket) => sessionsOf(bucket, window.gapMs)) : [...buckets.values()];
}

/** Rule 3: events no more than the gap apart belong to one session. */
function sessionsOf({ group, items }: Bucket, gapMs: number): Bucket[] {
  const sorted = [...items].sort((a, b) => a.time - b.time);
  const starts = sorted.flatMap((item, i) => (i === 0 || item.time - sorted[i - 1].time > gapMs ? [i] : []));
  return starts.map((start, i) => {
    const members = sorted.slice(start, starts[i + 1]);
    return { group, window: { start: members[0].time, end: members.at(-1)!.time + gapMs }, items: members };
  });
}

/** What a time counts in, oldest first: the window, what is said of who misses it, and the watermark from which on that happens. */
function intervalsOf(
  { window, ttlMs, ordered }: FoldTransform,
  time: number,
): { window: Interval | null; missing: Interval; closesAt: number }[] {
  // Rule 4: where rows are sorted, a record is late when it is older than its own partition's watermark.
  if (ordered) return [{ window: null, missing: { start: time, end: time + 1 }, closesAt: time + 1 }];
  if (window === null) {
    return [{ window: null, missing: { start: time, end: time + (ttlMs ?? 0) }, closesAt: ttlMs === null ? Infinity : time + ttlMs }];
  }
  if (window.kind === 'session') {
    const missing = { start: time, end: time + window.gapMs };
    return [{ window: null, missing, closesAt: missing.end + window.graceMs }];
  }
  const { graceMs } = window;
  // Rule 4: a record is late when it is older than its own partition's watermark.
  if (window.kind === 'sliding')
    return [{ window: null, missing: { start: time - window.sizeMs, end: time }, closesAt: time + graceMs + 1 }];
  if (window.kind === 'cumulate') {
    const start = Math.floor(time / window.sizeMs) * window.sizeMs;
    const ends = Array.from({ length: window.sizeMs / window.stepMs }, (_, i) => start + (i + 1) * window.stepMs);
    return ends.flatMap((end) => (end > time ? [{ window: { start, end }, missing: { start, end }, closesAt: end + graceMs }] : []));
  }
  const { sizeMs, advanceMs } = window;
  const first = Math.floor((time - sizeMs) / advanceMs) * advanceMs + advanceMs;
  const starts = Array.from({ length: Math.floor((time - first) / advanceMs) + 1 }, (_, i) => first + i * advanceMs);
  return starts.map((start) => {
    const interval = { start, end: start + sizeMs };
    return { window: interval, missing: interval, closesAt: interval.end + graceMs };
  });
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
    if (accumulator.fn === 'topRows') return () => topRows(accumulator, items);
    if (accumulator.fn === 'lastRow') return () => lastRow(accumulator.type, items);
    const given = items.map((item) => givenBy(accumulator, item)).filter((one) => one !== null);
    return () => accumulate(accumulator, given);
  });
  const results = transform.results.map((r) => [r.name, evaluateExpr(r.expr, { row, time }, accumulated)]);
  return { ...row, ...Object.fromEntries(results) };
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

/** Rule 12: an error in a row of a table takes the row away. */
function orNull<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}
