/** Trailing aggregates from the whole input at once: each row of a group looks at all others. */
import { Buffer } from 'node:buffer';
import { type Column, ExpressionError, type OverAccumulator, type OverTransform, type Row, type Value } from '@rta/dsl';
import { AvroCodec, toRaw } from '../../src/kernel/interpreter/avro-codec.js';
import { trailRowSchema } from '../../src/kernel/state-layout.js';
import { evaluateExpr } from './evaluation.js';
import type { Origin, Rows, StreamItem } from './recompute.js';
import { accumulate, givenBy } from './recompute-accumulators.js';
import { comparePlaces } from './recompute-unnest.js';
import type { LateReport } from './stage-runner.js';
import { textOfValue } from './text.js';

/** @param columns of the input */
export function lookBack(
  transform: OverTransform,
  rows: Rows,
  columns: readonly Column[],
  report: (origin: Origin, windows: LateReport['windows']) => void,
): Rows {
  const codec = new AvroCodec(trailRowSchema(columns));
  const bytesOf = ({ row }: StreamItem): Buffer =>
    codec.encode({ time: 0, partition: 0, offset: 0, ...Object.fromEntries(columns.map((c, i) => [`c${i}`, toRaw(c.type, row[c.name])])) });
  const groups = new Map<string, StreamItem[]>();
  for (const item of rows.items) {
    // Rule 4: older than its own partition's watermark.
    if (item.origin !== null && item.time < item.origin.watermark) {
      report(item.origin, [{ start: item.time, end: item.time + 1 }]);
      continue;
    }
    const id = transform.group.map(({ expr }) => textOfValue(expr.type, evaluateExpr(expr, item))).join();
    groups.set(id, [...(groups.get(id) ?? []), item]);
  }
  const items = [...groups.values()].flatMap((group) => {
    const sorted = inOrder(group, bytesOf);
    return lives(sorted, transform.ttlMs ?? Infinity).flatMap((life) =>
      life.flatMap((item, at): StreamItem[] => {
        const row = item.time < rows.watermark ? given(transform, life, at) : null;
        return row === null ? [] : [{ ...item, row, origin: item.origin && { ...item.origin, watermark: -Infinity } }];
      }),
    );
  });
  return { ...rows, items };
}

/** By event time, partition and offset, else by their bytes. */
export function inOrder(items: readonly StreamItem[], bytesOf: (item: StreamItem) => Buffer): StreamItem[] {
  return [...items].sort((a, b) => comparePlaces(a, b) || Buffer.compare(bytesOf(a), bytesOf(b)));
}

/** Cut where nothing came for longer than the ttl. */
function lives(sorted: readonly StreamItem[], ttlMs: number): StreamItem[][] {
  const lists: StreamItem[][] = [];
  for (const [i, item] of sorted.entries()) {
    if (i === 0 || item.time - sorted[i - 1].time > ttlMs) lists.push([]);
    lists[lists.length - 1].push(item);
  }
  return lists;
}

function given({ accumulators, columns }: OverTransform, life: readonly StreamItem[], at: number): Row | null {
  const accumulated = accumulators.map((accumulator) => (): Value => {
    const found = frameOf(accumulator, life, at).map((item) => givenBy(accumulator, item));
    // Their order is that of the frame.
    const inFrame = found.flatMap((one, i) => (one === null ? [] : [{ ...one, item: { ...one.item, time: i, origin: null } }]));
    return accumulate(accumulator, inFrame);
  });
  try {
    return Object.fromEntries(columns.map(({ name, expr }) => [name, evaluateExpr(expr, life[at], accumulated)]));
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}

function frameOf({ over: { unit, size, previous } }: OverAccumulator, life: readonly StreamItem[], at: number): readonly StreamItem[] {
  const to = previous ? at : at + 1;
  if (unit === 'rows') return life.slice(Math.max(0, to - size), to);
  const { time } = life[at];
  return life.filter((other) => other.time >= time - size && other.time - (previous ? 0 : 1) < time);
}
