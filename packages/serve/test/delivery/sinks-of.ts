/** Sinks and batches for tests of stores. */
import type { Column, Row, SinkNode } from '@rta/dsl';
import type { SinkBatch } from '../../src/delivery/sink-store.js';

export function sinkOf(columns: readonly Column[], key: readonly string[] | null, compacted = key !== null): SinkNode {
  const span = { source: { path: 'p.yaml', text: '' }, start: 0, end: 0 };
  const schemas = { keySchema: null, valueSchema: null };
  const formats = { format: 'avro', keyFormat: 'avro' } as const;
  return { id: 'sink', name: 'sink', input: 's', topic: 'p-sink', ...formats, key, compacted, columns, span, ...schemas };
}

/** Records of partition 0, one after the other. @param time of each, ms */
export function batchOf(
  rows: readonly (readonly [key: Row | null, row: Row | null])[],
  from = 0,
  time: number | readonly number[] = 0,
): SinkBatch {
  return {
    items: rows.map(([key, row], i) => ({
      partition: 0,
      offset: from + i,
      time: typeof time === 'number' ? time : time[i],
      bytes: 10,
      id: key === null ? null : JSON.stringify(key),
      key,
      row,
    })),
    next: new Map([[0, from + rows.length]]),
  };
}
