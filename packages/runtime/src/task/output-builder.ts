import { BatchBuilder, type RefusedRecord } from '../log/batch/batch-builder.js';
import type { StageOutput } from '../plan/physical.js';
import type { BadRecords } from './bad-records.js';
import { PipelineError } from './errors.js';
import type { SizeLimits } from './size-limits.js';

/**
 * Collects what a task writes to one partition of an output. Records that the topic does not take are no reason to stop for ever: those of
 * sinks go where `errors:` says.
 */
export function outputBuilder(output: StageOutput, partition: number, limits: SizeLimits, bad: BadRecords): BatchBuilder {
  const { topic } = output;
  const maxBytes = limits.ofRecords(topic);
  const builder: BatchBuilder = new BatchBuilder(topic, partition, limits.ofBatches(topic), {
    maxBytes,
    take: (record) => {
      if (output.kind !== 'sink') throw tooLargeFor(topic, record, maxBytes);
      bad.tooLarge(output, partition, record, maxBytes);
      // The row that the table has is not right any more.
      const { timestamp, key } = record;
      if (output.table && key !== null && record.value !== null && key.length < record.bytes - record.value.length)
        builder.append(timestamp, key, 0, key.length, null, 0, 0, null);
    },
  });
  return builder;
}

/** Collects what a task writes to a topic of the pipeline's own, without which it cannot go on. */
export function internalBuilder(topic: string, partition: number, limits: SizeLimits): BatchBuilder {
  const maxBytes = limits.ofRecords(topic);
  return new BatchBuilder(topic, partition, limits.ofBatches(topic), {
    maxBytes,
    take: (record) => {
      throw tooLargeFor(topic, record, maxBytes);
    },
  });
}

function tooLargeFor(topic: string, { bytes }: RefusedRecord, maxBytes: number): PipelineError {
  return new PipelineError(
    'record_too_large',
    `a record of ${String(bytes)} bytes is more than ${topic} takes (${String(maxBytes)}): what is kept for one key or sent at once has grown too ` +
      "large; raise the topic's max.message.bytes, or let fewer or smaller values be collected",
    false,
  );
}
