import type { ErrorPolicy, LatePolicy } from '@rta/dsl';
import { BatchBuilder, bytesAlone, type RefusedRecord } from '../log/batch/batch-builder.js';
import type { OutputBatch } from '../log/log.js';
import type { BadRecord, RejectCode } from '../kernel/stage-kernel.js';
import type { SinkOutput, Stage } from '../plan/physical.js';
import type { Clock } from './clock.js';
import { BadRecordError, PipelineError } from './errors.js';
import { appendHeaders } from './headers.js';
import type { SizeLimits } from './size-limits.js';

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
      readonly limits: SizeLimits;
    },
  ) {}

  late(record: BadRecord, step: string, windows: readonly { readonly start: number; readonly end: number }[]): void {
    this.lateCount++;
    this.countsOf(step).late++;
    const node = this.context.stage.nodes.find((n) => n.id === step);
    const policy = (node?.op === 'fold' ? node.transform.window?.late : null) ?? this.context.late;
    if (policy.policy === 'drop') return;
    const missed = windows.map((w) => `${new Date(w.start).toISOString()}/${new Date(w.end).toISOString()}`).join(' ');
    this.append(policy.topic, record, step, [['rta.reason', 'late'], ['rta.windows', missed], ...this.placeOf(record)]);
  }

  /** @throws BadRecordError under `errors: fail` */
  reject(record: BadRecord, step: string, code: RejectCode, message: string): void {
    this.rejectedCount[code] = (this.rejectedCount[code] ?? 0) + 1;
    this.countsOf(step).rejected++;
    const policy = this.context.errors;
    const topic = this.context.stage.inputs[record.input].topic;
    if (policy.policy === 'fail') throw new BadRecordError(code, topic, this.context.partition, record.offset, step, message);
    if (policy.policy === 'topic')
      this.append(policy.topic, record, step, [['rta.reason', code], ['rta.message', message], ...this.placeOf(record)]);
  }

  /**
   * A record of ours that the sink's topic does not take.
   *
   * @throws PipelineError `record_too_large` under `errors: fail`
   */
  tooLarge(sink: SinkOutput, partition: number, record: RefusedRecord, maxBytes: number): void {
    this.rejectedCount.too_large = (this.rejectedCount.too_large ?? 0) + 1;
    this.countsOf(sink.id).rejected++;
    const policy = this.context.errors;
    const message = `a record of ${String(record.bytes)} bytes is more than ${sink.topic} takes (${String(maxBytes)})`;
    if (policy.policy === 'fail')
      throw new PipelineError(
        'record_too_large',
        `${message}; the pipeline says \`errors: fail\`: use \`errors: { topic: … }\` to put such records aside, or raise the topic's max.message.bytes`,
        false,
      );
    if (policy.policy === 'topic')
      this.append(policy.topic, { ...record, headers: record.headers ?? NO_HEADERS }, sink.id, [
        ['rta.reason', 'too_large'],
        ['rta.message', message],
        ['rta.topic', sink.topic],
        ['rta.partition', String(partition)],
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

  private placeOf({ input, offset }: BadRecord): [string, string][] {
    return [
      ['rta.topic', this.context.stage.inputs[input].topic],
      ['rta.partition', String(this.context.partition)],
      ['rta.offset', String(offset)],
    ];
  }

  private append(
    topic: string,
    record: Omit<BadRecord, 'input' | 'offset'>,
    step: string,
    reason: readonly (readonly [string, string])[],
  ): void {
    const { limits, partition, partitionsOf, pipeline, clock } = this.context;
    let builder = this.builders.get(topic);
    if (!builder) {
      builder = new BatchBuilder(topic, partition % partitionsOf(topic), limits.ofBatches(topic));
      this.builders.set(topic, builder);
    }
    const ours = [...reason, ['rta.pipeline', pipeline], ['rta.step', step], ['rta.timestamp', String(record.timestamp)]] as const;
    const { key, value, headers } = letterOf(record, ours, limits.ofRecords(topic), limits.ofCut(topic));
    // Not the record's own timestamp: it may be older than what the topic keeps, and a broker would delete the letter unread.
    builder.append(clock.now(), key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, headers);
  }
}

const NO_HEADERS = new Uint8Array(1);

interface Letter {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Uint8Array;
}

/**
 * The record with our headers added. Where the topic does not take that much, as much of the value as fits, and then less: without its
 * headers, without its key. `rta.truncated` says how long the value was.
 */
function letterOf(
  record: Pick<BadRecord, 'key' | 'value' | 'headers'>,
  ours: readonly (readonly [string, string])[],
  maxBytes: number,
  cutBytes: number,
): Letter {
  const { key, value } = record;
  const headers = appendHeaders(record.headers, ours);
  if (bytesOf({ key, value, headers }) <= maxBytes) return { key, value, headers };
  const said = [...ours, ['rta.truncated', String(value?.length ?? 0)]] as const;
  for (const [kept, from] of [
    [key, record.headers],
    [key, NO_HEADERS],
    [null, NO_HEADERS],
  ] as const) {
    const cut: Letter = { key: kept, value, headers: appendHeaders(from, said) };
    // The length before the value may get shorter too.
    const rest = cutBytes - bytesOf({ ...cut, value: null }) - 8;
    if (rest >= 0) return { ...cut, value: value?.subarray(0, rest) ?? null };
  }
  // There is no less that says anything; the log has the last word.
  return { key: null, value: null, headers: appendHeaders(NO_HEADERS, said) };
}

function bytesOf({ key, value, headers }: Letter): number {
  return bytesAlone(key?.length ?? null, value?.length ?? null, headers.length);
}
