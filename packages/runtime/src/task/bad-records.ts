import type { ErrorPolicy, LatePolicy } from '@rta/dsl';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import type { OutputBatch } from '../log/log.js';
import type { BadRecord, RejectCode } from '../kernel/stage-kernel.js';
import type { Stage } from '../plan/physical.js';
import type { Clock } from './clock.js';
import { BadRecordError } from './errors.js';
import { appendHeaders } from './headers.js';

/** Counts since the task began. */
export interface BadRecordCounts {
  readonly late: number;
  readonly rejected: Readonly<Partial<Record<RejectCode, number>>>;
  /** By the node's id, or the source's. */
  readonly bySteps: ReadonlyMap<string, { readonly late: number; readonly rejected: number }>;
}

/**
 * Where late and bad records of one task go: a topic with their original bytes and headers and the reason (written in the same
 * transaction as everything else), nowhere but counted, or a stop.
 */
export class BadRecords {
  private lateCount = 0;
  private readonly rejectedCount: Partial<Record<RejectCode, number>> = {};
  private readonly bySteps = new Map<string, { late: number; rejected: number }>();
  private readonly builders = new Map<string, BatchBuilder>();

  constructor(
    private readonly context: {
      readonly pipeline: string;
      readonly stage: Stage;
      readonly partition: number;
      readonly late: LatePolicy;
      readonly errors: ErrorPolicy;
      readonly partitionsOf: (topic: string) => number;
      readonly clock: Clock;
    },
  ) {}

  late(record: BadRecord, step: string, windows: readonly { readonly start: number; readonly end: number }[]): void {
    this.lateCount++;
    this.countsOf(step).late++;
    const node = this.context.stage.nodes.find((n) => n.id === step);
    const policy = (node?.op === 'fold' ? node.transform.window?.late : null) ?? this.context.late;
    if (policy.policy === 'drop') return;
    const missed = windows.map((w) => `${new Date(w.start).toISOString()}/${new Date(w.end).toISOString()}`).join(' ');
    this.append(policy.topic, record, step, [
      ['rta.reason', 'late'],
      ['rta.windows', missed],
    ]);
  }

  /** @throws BadRecordError under `errors: fail` */
  reject(record: BadRecord, step: string, code: RejectCode, message: string): void {
    this.rejectedCount[code] = (this.rejectedCount[code] ?? 0) + 1;
    this.countsOf(step).rejected++;
    const policy = this.context.errors;
    const topic = this.context.stage.inputs[record.input].topic;
    if (policy.policy === 'fail') throw new BadRecordError(code, topic, this.context.partition, record.offset, step, message);
    if (policy.policy === 'topic')
      this.append(policy.topic, record, step, [
        ['rta.reason', code],
        ['rta.message', message],
      ]);
  }

  /** What is to be written with the next commit. */
  take(): OutputBatch[] {
    return [...this.builders.values()].flatMap((builder) => builder.take());
  }

  get pending(): boolean {
    for (const builder of this.builders.values()) if (builder.count > 0) return true;
    return false;
  }

  counts(): BadRecordCounts {
    return { late: this.lateCount, rejected: this.rejectedCount, bySteps: this.bySteps };
  }

  private countsOf(step: string): { late: number; rejected: number } {
    let counts = this.bySteps.get(step);
    if (counts === undefined) this.bySteps.set(step, (counts = { late: 0, rejected: 0 }));
    return counts;
  }

  private append(topic: string, record: BadRecord, step: string, reason: readonly (readonly [string, string])[]): void {
    let builder = this.builders.get(topic);
    if (!builder) {
      builder = new BatchBuilder(topic, this.context.partition % this.context.partitionsOf(topic));
      this.builders.set(topic, builder);
    }
    const headers = appendHeaders(record.headers, [
      ...reason,
      ['rta.pipeline', this.context.pipeline],
      ['rta.step', step],
      ['rta.topic', this.context.stage.inputs[record.input].topic],
      ['rta.partition', String(this.context.partition)],
      ['rta.offset', String(record.offset)],
      ['rta.timestamp', String(record.timestamp)],
    ]);
    // Not the record's own timestamp: it may be older than what the topic keeps, and a broker would delete the letter unread.
    builder.append(this.context.clock.now(), record.key, 0, record.key?.length ?? 0, record.value, 0, record.value?.length ?? 0, headers);
  }
}
