/**
 * A pipeline's tasks in memory: repartition records move between stages in any interleaving that keeps each upstream partition's order,
 * tasks flush at any point and restart from their changelog at any flush. What a real task does, without a log.
 */
import { Buffer } from 'node:buffer';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import { records } from '../../src/log/batch/records.js';
import type { AvroSchema } from '@rta/dsl';
import { type KernelEnv, type KernelFactory, type StageKernel, UnknownSchema } from '../../src/kernel/stage-kernel.js';
import type { PhysicalPlan, Stage } from '../../src/plan/physical.js';
import { batchOf, type RawRecord, WRITER_SCHEMAS } from './events.js';

export interface Written extends RawRecord {
  readonly partition: number;
  readonly timestamp: number;
}

export interface LateReport {
  /** Of pipelines with several sources. */
  readonly topic?: string;
  readonly partition: number;
  readonly offset: number;
  readonly step: string;
  readonly windows: readonly { readonly start: number; readonly end: number }[];
}

export interface RejectReport {
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
}

export interface RunOptions {
  readonly plan: PhysicalPlan;
  readonly kernelOf: (stage: Stage) => KernelFactory;
  /** Records of each source partition. */
  readonly input: readonly (readonly RawRecord[])[];
  /** Of pipelines with several sources: records of each source partition, by topic; `input` is not looked at then. */
  readonly inputs?: ReadonlyMap<string, readonly (readonly RawRecord[])[]>;
  /** Partitions of every stage that reads a repartition topic. */
  readonly downstreamPartitions: number;
  /** Picks one of `n` ways to go on: 0 … n-1. */
  readonly choose: (n: number) => number;
  /** Random steps before the run is brought to its end. */
  readonly steps: number;
  /** False: a partial fold is flushed after each record. */
  readonly preAggregation: boolean;
  readonly restarts: boolean;
  /** Keeps a store, behind the changelog at times, and lets kernels have no memory to speak of: whatever is stored may be evicted. */
  readonly eviction?: boolean;
  /** What the registry knows, by id. Default: the laws' own events. */
  readonly writerSchemas?: ReadonlyMap<number, AvroSchema>;
}

export interface RunResult {
  /** Per sink topic, in order of writing. */
  readonly sinks: ReadonlyMap<string, readonly Written[]>;
  readonly late: readonly LateReport[];
  readonly rejected: readonly RejectReport[];
}

const SINK_PARTITIONS = 2;
const MAX_BATCH = 4;

export function runPipeline(options: RunOptions): RunResult {
  return new PipelineRun(options).toEnd();
}

/** Records of one topic partition that are still to be read, by the partition that wrote them. */
type Queue = RawRecord[][];

interface Delivery {
  readonly input: number;
  readonly upstream: number;
  readonly records: readonly RawRecord[];
}

export class PipelineRun {
  readonly sinks = new Map<string, Written[]>();
  readonly late: LateReport[] = [];
  readonly rejected: RejectReport[] = [];
  clock = 1_000_000;
  private readonly queues = new Map<string, Queue[]>();
  private readonly partitionsOf = new Map<number, number>();
  private readonly tasks: Task[] = [];

  constructor(readonly options: RunOptions) {
    const { plan, input, downstreamPartitions } = options;
    for (const stage of plan.stages) {
      const [first] = stage.inputs;
      const recordsOf = (topic: string): readonly (readonly RawRecord[])[] => options.inputs?.get(topic) ?? input;
      const count = first.kind === 'source' ? recordsOf(first.topic).length : isOneBoard(stage) ? 1 : downstreamPartitions;
      this.partitionsOf.set(stage.id, count);
      for (const from of stage.inputs) {
        const upstreams = from.kind === 'source' ? 1 : this.partitionsOf.get(from.fromStage)!;
        const queues = Array.from({ length: count }, (_, p): Queue =>
          from.kind === 'source' ? [[...recordsOf(from.topic)[p]]] : Array.from({ length: upstreams }, () => []),
        );
        this.queues.set(from.topic, queues);
      }
      for (const output of stage.outputs) if (output.kind === 'sink') this.sinks.set(output.topic, []);
    }
    for (const stage of plan.stages)
      for (let partition = 0; partition < this.partitionsOf.get(stage.id)!; partition++) this.tasks.push(new Task(this, stage, partition));
  }

  queuesOf(topic: string): Queue[] {
    return this.queues.get(topic)!;
  }

  tasksOf(stage: Stage): number {
    return this.partitionsOf.get(stage.id)!;
  }

  outputPartitions(stage: Stage): number[] {
    return stage.outputs.map((output) => (output.kind === 'sink' ? SINK_PARTITIONS : this.partitionsOf.get(output.toStage)!));
  }

  /** For runs by hand. */
  task(stage: number, partition: number): Task {
    return this.tasks.find((task) => task.stage.id === stage && task.partition === partition)!;
  }

  toEnd(): RunResult {
    const { choose, steps, restarts } = this.options;
    for (let i = 0; i < steps; i++) {
      const task = this.tasks[choose(this.tasks.length)];
      this.clock += choose(3);
      const what = choose(restarts ? 8 : 7);
      if (what < 5) task.deliver(choose);
      else if (what < 7) task.flush();
      else task.restart();
    }
    for (const task of this.tasks) {
      while (task.deliver(choose)) if (choose(4) === 0) task.flush();
      task.flush();
    }
    this.clock += 1_000_000; // what is emitted periodically is due
    for (const task of this.tasks) {
      while (task.deliver(choose));
      task.flush();
    }
    return { sinks: this.sinks, late: this.late, rejected: this.rejected };
  }
}

class Task {
  private kernel!: StageKernel;
  private builders = new Map<string, BatchBuilder>();
  private changelog = new BatchBuilder('changelog', 0);
  private readonly logged: RawRecord[] = [];
  /** Read since the last flush; lost, and read again, at a restart. */
  private uncommitted: Delivery[] = [];
  /** What is in the store, by key; the first `stored` records of the log are. */
  private readonly store = new Map<string, Uint8Array>();
  private stored = 0;
  /** Length of the log after each flush since the start, from 0: before the first. */
  private loggedBy: number[] = [0];
  private late: LateReport[] = [];
  private rejected: RejectReport[] = [];
  /** Per input. */
  private offsets: number[];
  private watermarked = -Infinity;
  private committed: {
    watermark: number;
    inputs: readonly { readonly maxEventTime: number; readonly upstream: number[]; readonly offset: number }[];
  } | null = null;

  constructor(
    private readonly run: PipelineRun,
    readonly stage: Stage,
    readonly partition: number,
  ) {
    this.offsets = stage.inputs.map(() => 0);
    this.start();
  }

  private queue(input: number): Queue {
    return this.run.queuesOf(this.stage.inputs[input].topic)[this.partition];
  }

  private start(): void {
    this.kernel = this.run.options.kernelOf(this.stage)(this.env());
  }

  private env(): KernelEnv {
    const { stage, partition, run } = this;
    return {
      partition,
      tasks: run.tasksOf(stage),
      output: (output, to) => {
        const id = `${output}-${to}`;
        const builder = this.builders.get(id) ?? new BatchBuilder(stage.outputs[output].topic, to);
        this.builders.set(id, builder);
        return builder;
      },
      partitions: run.outputPartitions(stage),
      schemaIds: stage.outputs.map((_, i) => ({ key: 100 + i, value: 200 + i })),
      changelog: () => (stage.changelog === null ? null : this.changelog),
      store: run.options.eviction === true ? { get: (key) => this.store.get(hex(key)) } : null,
      memoryLimit: run.options.eviction === true ? 1 : Infinity,
      late: (record, step, windows) =>
        this.late.push({
          ...(run.options.inputs === undefined ? {} : { topic: stage.inputs[record.input].topic }),
          partition,
          offset: record.offset,
          step,
          windows: windows.map(({ start, end }) => ({ start, end })),
        }),
      reject: (record, _step, code) => this.rejected.push({ partition, offset: record.offset, code }),
      now: () => run.clock,
    };
  }

  /** Keys that the changelog has a value of. */
  get logEntries(): number {
    const live = new Map(this.logged.map(({ key, value }) => [hex(key!), value]));
    return [...live.values()].filter((value) => value !== null).length;
  }

  /** Some records of one upstream partition, as one batch. False: there are none. */
  deliver(choose: (n: number) => number): boolean {
    const waiting = this.stage.inputs.flatMap((_, input) =>
      this.queue(input).flatMap((queue, upstream) => (queue.length > 0 ? [{ input, upstream }] : [])),
    );
    if (waiting.length === 0) return false;
    const { input, upstream } = waiting[choose(waiting.length)];
    this.read(upstream, 1 + choose(MAX_BATCH), input);
    return true;
  }

  /** The next records of one upstream partition of an input, as one batch. */
  read(upstream = 0, count = 1, input = 0): void {
    const each = !this.run.options.preAggregation && this.stage.nodes.some((node) => node.op === 'fold' && node.mode === 'partial');
    const delivered = this.queue(input)[upstream].splice(0, each ? 1 : count);
    if (delivered.length === 0) return;
    this.uncommitted.push({ input, upstream, records: delivered });
    const batch = batchOf(delivered, this.offsets[input]);
    this.offsets[input] += delivered.length;
    this.process(input, batch);
    if (each) this.flush();
  }

  private process(input: number, batch: ReturnType<typeof batchOf>): void {
    let from = batch.baseOffset;
    for (;;) {
      try {
        this.kernel.process(input, batch, from);
        // The memory of what was read is another answer's from here on.
        batch.bytes.fill(0xdb);
        if (this.run.options.choose(2) === 0) this.kernel.advance(this.watermark(), 1 + this.run.options.choose(4));
        return;
      } catch (error) {
        if (!(error instanceof UnknownSchema)) throw error;
        this.kernel.addWriterSchema(input, error.schemaId, (this.run.options.writerSchemas ?? WRITER_SCHEMAS).get(error.schemaId) ?? null);
        from = error.offset;
      }
    }
  }

  private watermark(): number {
    const watermarks = this.stage.inputs.map((input, i) => {
      if (input.kind === 'source') return this.kernel.maxEventTime(i) - input.latenessMs;
      const heard = this.kernel.upstreamWatermarks(i);
      return Math.min(...this.queue(i).map((_, upstream) => heard[upstream] ?? -Infinity));
    });
    this.watermarked = Math.max(this.watermarked, Math.min(...watermarks));
    return this.watermarked;
  }

  flush(): void {
    const watermark = this.watermark();
    this.kernel.flush(watermark);
    for (const [id, builder] of this.builders) this.publish(Number(id.split('-')[0]), builder);
    this.logged.push(...takeRecords(this.changelog));
    this.builders = new Map();
    this.run.late.push(...this.late.splice(0));
    this.run.rejected.push(...this.rejected.splice(0));
    this.uncommitted = [];
    const inputs = this.stage.inputs.map((_, i) => ({
      maxEventTime: this.kernel.maxEventTime(i),
      upstream: [...this.kernel.upstreamWatermarks(i)],
      offset: this.offsets[i],
    }));
    this.committed = { watermark, inputs };
    this.loggedBy.push(this.logged.length);
    const { choose } = this.run.options;
    if (choose(2) === 0) this.writeStore(Math.max(0, this.loggedBy.length - 1 - choose(3)));
  }

  /** The store catches up with the changelog as it was at flush number `commit`. */
  private writeStore(commit: number): void {
    const end = this.loggedBy[commit];
    if (end < this.stored) return;
    for (const { key, value } of this.logged.slice(this.stored, end)) {
      if (value === null) this.store.delete(hex(key!));
      else this.store.set(hex(key!), value);
    }
    this.stored = end;
    this.kernel.stored(commit);
  }

  private publish(output: number, builder: BatchBuilder): void {
    const { kind, topic } = this.stage.outputs[output];
    const written = takeRecords(builder).map((record): Written => ({ ...record, partition: builder.partition }));
    if (kind === 'sink') this.run.sinks.get(topic)!.push(...written);
    else this.run.queuesOf(topic)[builder.partition][this.partition].push(...written);
  }

  /** As after a crash: everything since the last flush is undone and will be read again. */
  restart(): void {
    this.builders = new Map();
    this.changelog = new BatchBuilder('changelog', 0);
    this.late = [];
    this.rejected = [];
    for (const { input, upstream, records: again } of this.uncommitted.reverse()) this.queue(input)[upstream].unshift(...again);
    this.uncommitted = [];
    this.offsets = this.stage.inputs.map((_, i) => this.committed?.inputs[i].offset ?? 0);
    this.watermarked = this.committed?.watermark ?? -Infinity;
    this.start();
    if (this.committed === null) return;
    const { watermark } = this.committed;
    for (const [i, { maxEventTime, upstream }] of this.committed.inputs.entries()) this.kernel.restoreTime(i, maxEventTime, upstream);
    this.restoreState();
    this.kernel.restored(watermark);
    this.loggedBy = [this.logged.length];
    this.writeStore(0);
  }

  /** All of the log; or what the store has, as far as it cannot be left there, and the log from there on. */
  private restoreState(): void {
    const { eviction, choose } = this.run.options;
    const stays = eviction === true && choose(2) === 0;
    if (stays) {
      const rows = [...this.store].map(([key, value]) => ({ key: Buffer.from(key, 'hex'), value }));
      const read = this.kernel.leaveInStore(this.stage.stores.map((_, number) => rows.filter(({ key }) => key[0] === number).length));
      for (const { key, value } of rows) if (read.includes(key[0])) this.kernel.restore(key, value);
      this.kernel.stored(0);
    }
    for (const { key, value } of this.logged.slice(stays ? this.stored : 0)) this.kernel.restore(key!, value);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** A board without groups is one task. */
function isOneBoard(stage: Stage): boolean {
  return stage.nodes.some((node) => node.op === 'rank' && node.mode === 'global' && node.transform.group.length === 0);
}

/** Everything in a builder, copied out. */
export function takeRecords(builder: BatchBuilder): (RawRecord & { readonly timestamp: number })[] {
  const copy = (bytes: Uint8Array | null): Uint8Array | null => (bytes === null ? null : Uint8Array.from(bytes));
  return builder
    .take()
    .flatMap(({ batch }) => parseBatches(Buffer.from(batch), { verifyCrc: false }))
    .flatMap((batch) => [...records(batch)].map(({ key, value, timestamp }) => ({ key: copy(key), value: copy(value), timestamp })));
}
