import type { AvroSchema } from '@rta/dsl';
import type { RecordBatch } from '../log/batch/record-batch.js';
import { tpKey, type OutputBatch } from '../log/log.js';
import { UnknownSchema, type KernelEnv, type KernelFactory, type KernelStats, type StageKernel } from '../kernel/stage-kernel.js';
import type { Stage } from '../plan/physical.js';
import type { StateStore } from '../state/store.js';
import { WriteBehind } from '../state/write-behind.js';
import { abortable } from './abortable.js';
import type { BadRecordCounts } from './bad-records.js';
import { transition, type TaskState } from './lifecycle.js';
import { PeriodicEmissions } from './periodic-emissions.js';
import { encodePosition, type TaskPosition } from './position.js';
import { judgeWriterSchema } from './schema-change.js';
import { Silence } from './silence.js';
import { restoreState, startPositions, type OffsetsOf, type RestoredFrom } from './restore-task.js';
import { openStore, type StandbyCopy } from './standby-copy.js';
import type { TaskContext } from './task-context.js';
import { TaskOutputs } from './task-outputs.js';
import { writerSchema } from './writer-schema.js';

/** One task's part of a commit. */
export interface TaskCommit {
  readonly task: Task;
  readonly outputs: readonly OutputBatch[];
  /** How many of `outputs`, from the front, are changelog batches. */
  readonly changelogBatches: number;
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number; readonly metadata: string }[];
  /** The kernel's flush number. */
  readonly flush: number;
}

/** How a restore ended: `fresh` and `begun` as of `StartPositions`; changelog records replayed. */
interface Restored {
  readonly fresh: boolean;
  readonly begun: boolean;
  readonly replayed: number;
}

/** So many rows are worth handing on before the commit: they, and what is found with them, fit a processor's second cache. */
const ADVANCE_ROWS = 8192;

/** A stage at work on one partition: restores, processes, flushes. See `lifecycle.ts`. */
export class Task {
  readonly id: string;
  private state: TaskState = 'created';
  private kernel!: StageKernel;
  private copy: StandbyCopy | null = null;
  private store: StateStore | null = null;
  private writeBehind: WriteBehind | null = null;
  private readonly outputs: TaskOutputs;
  /** Next offset per input. */
  private readonly positions: number[];
  private lastWatermark = -Infinity;
  /** Of the pipeline's history, see `TaskPosition`. */
  private generation = 0;
  private flushes = 0;
  private dirty = false;
  /** Watermarks of inputs by decree. */
  private readonly forced: number[];
  private readonly emissions: PeriodicEmissions;
  private readonly silence: Silence;
  private restoring: Promise<unknown> | null = null;
  /** Aborted when it is closed. */
  private readonly ended = new AbortController();

  constructor(
    private readonly context: TaskContext,
    readonly stage: Stage,
    readonly partition: number,
    private readonly factory: KernelFactory,
  ) {
    this.id = `${String(stage.id)}_${String(partition)}`;
    this.positions = stage.inputs.map(() => 0);
    this.forced = stage.inputs.map(() => -Infinity);
    this.silence = new Silence(stage, context.clock.now());
    this.emissions = new PeriodicEmissions(stage, context.clock.now());
    this.outputs = new TaskOutputs(context, stage, partition);
  }

  /** Restored, and not closed. */
  get running(): boolean {
    return this.state === 'running';
  }

  get closed(): boolean {
    return this.state === 'closed';
  }

  /** Input partitions of this task. */
  inputs(): { topic: string; partition: number; input: number }[] {
    return this.stage.inputs.map((input, i) => ({ topic: input.topic, partition: this.partition, input: i }));
  }

  /** Before it restores: it goes on with this copy of its state, which is its own from now on. */
  adopt(copy: StandbyCopy): void {
    this.state = transition(this.state, 'standby');
    this.copy = copy;
  }

  /**
   * Brings back state, watermarks and positions.
   * Returns whether the task is new: its start offsets are then to be committed before its first record (SEMANTICS rule 23).
   */
  restore(from: RestoredFrom): Promise<Restored> {
    this.state = transition(this.state, 'restoring');
    const restored = this.bringBack(from);
    this.restoring = restored;
    return restored;
  }

  private async bringBack({ committed, generation, ...from }: RestoredFrom): Promise<Restored> {
    const { stage, context, partition } = this;
    const stopped = this.ended.signal;
    const offsetsOf: OffsetsOf = (topic) => abortable(stopped, from.offsetsOf(topic));
    const warm = await this.copy?.handOver();
    this.copy = null;
    if (stage.changelog !== null) this.store = warm ?? (await openStore(context, stage, partition));
    this.kernel = this.factory(this.env());
    const { log } = context;
    let changelogPosition: TaskPosition | null = null;
    let replayed = 0;
    if (stage.changelog !== null && this.store) {
      const restored = await restoreState({
        log,
        changelog: stage.changelog,
        partition,
        store: this.store,
        kernel: this.kernel,
        offsetsOf,
        stopped,
        generation,
        onProgress: context.onProgress,
      });
      changelogPosition = restored.position;
      replayed = restored.replayed;
    }
    const { stagePartitions } = context;
    const start = await startPositions({ stage, partition, stagePartitions, committed, changelogPosition, offsetsOf, generation });
    this.generation = start.generation;
    for (const [i, { offset, end, maxEventTime, upstream }] of start.inputs.entries()) {
      this.positions[i] = offset;
      this.silence.ends(i, end);
      this.kernel.restoreTime(i, maxEventTime, upstream);
    }
    this.lastWatermark = start.watermark;
    this.kernel.restored(this.lastWatermark);
    if (this.store)
      this.writeBehind = new WriteBehind(this.store, {
        ...context.stateFlush,
        ...(context.clock.after === undefined ? {} : { timer: context.clock.after }),
        onStored: (flush) => {
          if (this.running) this.kernel.stored(flush);
        },
        onError: (error) => {
          if (this.running) context.onStoreFailed(error);
        },
      });
    this.state = transition(this.state, 'running');
    return { fresh: start.fresh, begun: start.begun, replayed };
  }

  /**
   * Feeds batches of one input partition. Where it returns a promise, the rest waits for a writer schema: nothing more may be fed of this
   * partition until it resolves, while other inputs, commits and all else go on.
   */
  process(topic: string, batches: readonly RecordBatch[], nextOffset: number): void | Promise<void> {
    const input = this.stage.inputs.findIndex((i) => i.topic === topic);
    if (batches.length > 0) {
      this.silence.heard(input, this.context.clock.now());
      this.dirty = true;
    }
    for (let i = 0; i < batches.length; i++) {
      const batch = batches[i];
      try {
        this.kernel.process(input, batch, this.positions[input]);
      } catch (error) {
        if (!(error instanceof UnknownSchema)) throw error;
        // What is before it counts, and may be committed while the schema is fetched.
        this.positions[input] = error.offset;
        return this.goOn(error, topic, batches.slice(i), nextOffset);
      }
      this.positions[input] = batch.lastOffset + 1;
      this.kernel.advance(this.watermark(), ADVANCE_ROWS);
    }
    if (nextOffset > this.positions[input]) this.positions[input] = nextOffset;
  }

  private async goOn(unknown: UnknownSchema, topic: string, batches: readonly RecordBatch[], nextOffset: number): Promise<void> {
    const { schemas, stopping, onWarning, judgeWriterSchema: judge } = this.context;
    const asking = {
      schemas,
      ...(judge && { judge: (schema: AvroSchema) => judgeWriterSchema(judge, this.stage, this.partition, unknown, schema) }),
      stopping: () => !this.running || stopping(),
      onWarning,
    };
    const found = await writerSchema(asking, unknown.schemaId);
    if (found === 'stopping' || !this.running) return;
    this.kernel.addWriterSchema(unknown.input, unknown.schemaId, found?.schema ?? null);
    await this.process(topic, batches, nextOffset);
  }

  /** Minimum over the inputs, each −∞ until heard (SEMANTICS rule 1). Never goes back. */
  watermark(): number {
    let watermark = Infinity;
    for (let i = 0; i < this.stage.inputs.length; i++) watermark = Math.min(watermark, this.inputWatermark(i));
    return Math.max(watermark, this.lastWatermark);
  }

  /** Event time that has been reached in the input of a topic; minus infinity: nothing was heard, or it is not restored yet. */
  timeReached(topic: string): number {
    return this.running ? this.inputWatermark(this.stage.inputs.findIndex((input) => input.topic === topic)) : -Infinity;
  }

  private inputWatermark(input: number): number {
    if (this.stage.inputs[input].kind === 'source') return Math.max(this.sourceWatermark(input), this.forced[input]);
    return this.kernel.upstreamWatermarks(input).reduce((least, upstream) => Math.min(least, upstream), Infinity);
  }

  /** Of one source input, minus infinity until heard. */
  sourceWatermark(input: number): number {
    const source = this.stage.inputs[input];
    return this.kernel.maxEventTime(input) - (source.kind === 'source' ? source.latenessMs : 0);
  }

  /** An input that was held is read again: it has not been quiet meanwhile. */
  readAgain(input: number): void {
    this.silence.heard(input, this.context.clock.now());
  }

  /** Has the position committed, though nothing else has changed. */
  touch(): void {
    this.dirty = true;
  }

  /** Moves the watermarks of source partitions to `watermark`, as if they had had a record that late: what is older is late from then on. */
  moveSources(watermark: number): void {
    for (const [i, input] of this.stage.inputs.entries()) {
      if (input.kind !== 'source' || this.sourceWatermark(i) >= watermark) continue;
      this.kernel.restoreTime(i, watermark + input.latenessMs, []);
      this.dirty = true;
    }
  }

  /** Moves the watermark of a source task forward by decree: `--close`, `idle`. Which records are late is judged as before. */
  forceWatermark(watermark: number): void {
    for (let input = 0; input < this.forced.length; input++) this.forceInput(input, watermark);
  }

  /** The same of one source input. */
  forceInput(input: number, watermark: number): void {
    const before = this.watermark();
    this.forced[input] = Math.max(this.forced[input], watermark);
    if (this.watermark() > before) this.dirty = true;
  }

  maxEventTime(): number {
    let max = -Infinity;
    for (const [i, input] of this.stage.inputs.entries()) if (input.kind === 'source') max = Math.max(max, this.kernel.maxEventTime(i));
    return max;
  }

  /** ms for which an input has been quiet; 0: it is not, or does not count. See `Silence`. */
  quietMs(input: number, now: number, idle: boolean): number {
    return this.silence.quietMs(input, now, idle, this.positions[input]);
  }

  positionOf(topic: string): number {
    return this.positions[this.stage.inputs.findIndex((i) => i.topic === topic)];
  }

  /** Whether a flush would have anything to write. */
  get needsCommit(): boolean {
    return (
      this.running &&
      (this.dirty ||
        this.outputs.bad.pending ||
        this.emissions.due(this.context.clock.now()) ||
        (this.watermark() > this.lastWatermark && this.kernel.nextDue() <= this.watermark()))
    );
  }

  /** Snapshot and encode everything since the last flush; synchronous, so that processing can go on while it is sent. */
  flush(): TaskCommit {
    const watermark = this.watermark();
    this.kernel.flush(watermark);
    this.emissions.flushed(this.context.clock.now());
    this.flushes++;
    this.lastWatermark = watermark;
    this.dirty = false;
    const position = encodePosition(this.position());
    return { task: this, ...this.outputs.take(position), offsets: this.offsets(position), flush: this.flushes };
  }

  /** Offsets as they stand, for the first commit of a fresh task. */
  startOffsets(): TaskCommit['offsets'] {
    return this.offsets(encodePosition(this.position()));
  }

  private offsets(metadata: string): TaskCommit['offsets'] {
    return this.stage.inputs.map((input, i) => ({ topic: input.topic, partition: this.partition, offset: this.positions[i], metadata }));
  }

  private position(): TaskPosition {
    const offsets: Record<string, number> = {};
    for (const [i, input] of this.stage.inputs.entries()) offsets[tpKey(input.topic, this.partition)] = this.positions[i];
    const times = this.stage.inputs.map((input, i) => ({
      maxEventTime: input.kind === 'source' ? this.kernel.maxEventTime(i) : -Infinity,
      upstream: input.kind === 'repartition' ? [...this.kernel.upstreamWatermarks(i)] : [],
    }));
    const [entries, epoch] = [this.kernel.entries(), this.context.epoch ?? 0];
    return { offsets, times, watermark: this.lastWatermark, generation: this.generation, entries, epoch };
  }

  /** The commit is certain: its changelog may go to the store. */
  confirmed(commit: TaskCommit, baseOffsets: readonly number[]): void {
    if (commit.changelogBatches === 0 || !this.writeBehind || !this.running) return;
    const last = commit.changelogBatches - 1;
    const position = baseOffsets[last] + commit.outputs[last].recordCount;
    this.writeBehind.add(commit.outputs.slice(0, commit.changelogBatches), position, commit.flush);
  }

  /** Resolves when the store has kept up enough for one more commit. Rejects with what a write failed with. */
  room(): Promise<void> | undefined {
    return this.writeBehind?.room();
  }

  /** Its store, with all in it that is certain, to be read; null where the stage keeps no state. Rejects with what a write failed with. */
  async certainState(): Promise<StateStore | null> {
    await this.writeBehind?.flush();
    return this.running ? this.store : null;
  }

  /** Next changelog offset that its store lacks. */
  get stored(): number {
    return this.store?.position() ?? 0;
  }

  stats(): KernelStats & { readonly bad: BadRecordCounts } {
    return { ...this.kernel.stats(), bad: this.outputs.bad.counts() };
  }

  /** Releases the store. Confirmed state is written first unless `discard`. */
  async close(discard = false): Promise<void> {
    if (this.state === 'closed') return;
    this.state = transition(this.state, 'closed');
    this.ended.abort();
    // A store that is still being opened would stay open, and locked. How the restore ends is its caller's.
    await this.restoring?.catch(() => undefined);
    await this.copy?.close();
    try {
      if (!discard) await this.writeBehind?.close();
      else await this.writeBehind?.abandon();
    } finally {
      await this.store?.close();
    }
  }

  private env(): KernelEnv {
    const { stage, context, outputs, store } = this;
    const partitions = stage.outputs.map((o) => context.partitionsOf(o.topic));
    return {
      partition: this.partition,
      tasks: context.stagePartitions[stage.id],
      partitions,
      output: (output, partition) => outputs.to(output, partition),
      schemaIds: stage.outputs.map((o) =>
        o.kind === 'sink' ? (context.sinkSchemaIds[o.id] ?? { key: null, value: null }) : { key: null, value: null },
      ),
      changelog: () => outputs.changelog(),
      store,
      memoryLimit: context.memoryLimit,
      late: (record, step, windows) => {
        outputs.bad.late(record, step, windows);
      },
      reject: (record, step, code, message) => {
        outputs.bad.reject(record, step, code, message);
      },
      now: () => context.clock.now(),
    };
  }
}
