/** Small things that the tests of logs share. */
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { type RecordHeader, encodeHeaders } from '../../src/log/batch/records.js';
import type { LogError, OutputBatch } from '../../src/log/log.js';

const encoder = new TextEncoder();
let names = 0;

/** A name that no test used before, in this run or another. */
export function unique(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${++names}`;
}

export interface Row {
  readonly key?: string | null;
  readonly value: string | null;
  readonly timestamp?: number;
  readonly headers?: readonly RecordHeader[];
}

/** Batches of rows, for one partition. */
export function outputs(topic: string, partition: number, rows: readonly (string | Row)[], maxBatchBytes?: number): OutputBatch[] {
  const builder = new BatchBuilder(topic, partition, maxBatchBytes);
  for (const item of rows) {
    const row: Row = typeof item === 'string' ? { value: item } : item;
    const key = row.key === undefined || row.key === null ? null : encoder.encode(row.key);
    const value = row.value === null ? null : encoder.encode(row.value);
    const headers = row.headers === undefined ? null : encodeHeaders(row.headers);
    builder.append(row.timestamp ?? Date.now(), key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, headers);
  }
  return builder.take();
}

export async function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => 'none',
    (error: unknown) => (error as LogError).code,
  );
}
