/** The kernel of one task: generated code for its records and rows, and the order in which things are flushed. */
import type { AvroSchema } from '@rta/dsl';
import type { RecordBatch } from '../../log/batch/record-batch.js';
import { feedsOf } from '../../plan/physical.js';
import { type KernelEnv, type KernelStats, type StageKernel, UnknownSchema } from '../stage-kernel.js';
import type { Scan } from '../generate/scan.js';
import type { CompiledStage } from '../compile-stage.js';
import { writeDoubleBE } from './bytes.js';
import { JoinState } from './join-state.js';
import { OverState } from './over-state.js';
import { RankState } from './rank-state.js';
import { SpreadState } from './spread-state.js';
import { receive, type Receiver, Upstream } from './receive.js';
import { type NodeState, TaskState } from './task-state.js';

/** Bit 3 of a batch's attributes: its timestamp is the broker's append time. */
const LOG_APPEND_TIME = 8;
const MARKER_BYTES = 12;

export class GeneratedKernel implements StageKernel {
  private readonly K: TaskState;
  /** Per input, by schema id. */
  private readonly scans: Map<number, Scan>[];
  /** Per input, by id; null: the registry does not know it. */
  private readonly schemas: Map<number, AvroSchema | null>[];
  /** Per input: what read last, and for which id. */
  private readonly current: { scan: Scan; id: number }[];
  private readonly upstream: Upstream[];
  private readonly receivers: Receiver[][];
  /** Per node: how far its watermark is behind the task's, ms. */
  private readonly behind: number[] = [];
  private readonly sentMarkers: number[];
  /** Nodes whose rows need not wait for a flush. */
  private readonly advancing: readonly number[];
  private replayed = 0;
  private readonly marker = new Uint8Array(MARKER_BYTES);

  constructor(
    private readonly compiled: CompiledStage,
    env: KernelEnv,
  ) {
    const { stage } = compiled;
    const K = new TaskState(env, stage);
    this.K = K;
    K.now = env.now();
    for (const [i, make] of compiled.states.entries()) K.nodes[i] = make?.(K) ?? null;
    this.scans = stage.inputs.map(() => new Map<number, Scan>());
    this.schemas = stage.inputs.map(() => new Map<number, AvroSchema | null>());
    this.current = stage.inputs.map((input, i) => ({ scan: input.kind === 'source' ? compiled.firstScan(i) : unused, id: NaN }));
    this.upstream = stage.inputs.map(() => new Upstream());
    this.receivers = compiled.readers.map((readers, input) =>
      readers.flatMap((i) => {
        const node = K.nodes[i];
        return node === null || node instanceof SpreadState || stage.inputs[input].kind === 'source' ? [] : [receiverOf(node, input)];
      }),
    );
    for (const node of stage.nodes)
      this.behind.push(Math.max(...feedsOf(node).map((feed) => ('node' in feed ? this.behind[feed.node] + compiled.holds[feed.node] : 0))));
    this.sentMarkers = stage.outputs.map(() => -Infinity);
    this.advancing = K.nodes.flatMap((node, i) => (node instanceof OverState || node instanceof JoinState ? [i] : []));
  }

  process(input: number, batch: RecordBatch, fromOffset: number): void {
    const { K } = this;
    K.now = K.env.now();
    if (this.compiled.stage.inputs[input].kind === 'repartition') {
      receive(K, batch, fromOffset, this.upstream[input], this.receivers[input]);
      K.cursor.release();
      this.relieve();
      return;
    }
    const { end, baseOffset, baseTimestamp } = batch;
    // Kernels see plain Uint8Arrays only, so that generated code stays of one kind.
    const { bytes } = batch;
    const appendTime = (batch.attributes & LOG_APPEND_TIME) !== 0 ? batch.maxTimestamp : -1;
    const current = this.current[input];
    let p = batch.start;
    for (;;) {
      p = current.scan(K, bytes, baseOffset, baseTimestamp, appendTime, p, end, fromOffset, current.id);
      if (p >= end) break;
      const schema = this.schemas[input].get(K.stopId);
      const { stopKey } = K;
      K.stopKey = false;
      if (schema === undefined) throw new UnknownSchema(input, K.stopId, K.stopOffset, stopKey);
      if (stopKey) {
        K.keyReaders[input].set(K.stopId, this.compiled.keyReaderOf(input, schema));
        continue;
      }
      const scan = this.scans[input].get(K.stopId) ?? this.compiled.scanOf(input, schema);
      this.scans[input].set(K.stopId, scan);
      current.scan = scan;
      current.id = K.stopId;
    }
    K.cursor.release();
    this.relieve();
  }

  advance(watermark: number, least: number): void {
    const { K } = this;
    for (const i of this.advancing) (K.nodes[i] as OverState | JoinState).advance(K, watermark - this.behind[i], least);
  }

  addWriterSchema(input: number, id: number, schema: AvroSchema | null): void {
    this.schemas[input].set(id, schema);
  }

  maxEventTime(input: number): number {
    return this.K.maxTime[input];
  }

  upstreamWatermarks(input: number): Float64Array {
    return this.upstream[input].watermarks;
  }

  restoreTime(input: number, maxEventTime: number, upstream: readonly number[]): void {
    this.K.maxTime[input] = maxEventTime;
    this.upstream[input].watermarks = Float64Array.from(upstream);
  }

  flush(watermark: number): void {
    const { K } = this;
    K.now = K.env.now();
    for (const [i, node] of K.nodes.entries()) node?.flush(K, watermark - this.behind[i]);
    for (const [i, output] of this.compiled.stage.outputs.entries()) if (output.kind === 'repartition') this.sendMarkers(i, watermark);
    K.forgetBuilders();
    this.relieve();
  }

  /** After the rows, to every partition of a repartition topic, if there is something to say. */
  private sendMarkers(output: number, taskWatermark: number): void {
    const { K } = this;
    const watermark = taskWatermark - this.holdOf(output);
    if (!K.wrote[output] && watermark === this.sentMarkers[output]) return;
    new DataView(this.marker.buffer).setInt32(0, K.env.partition);
    writeDoubleBE(this.marker, 4, watermark);
    for (let partition = 0; partition < K.env.partitions[output]; partition++)
      K.builder(output, partition).append(K.now, null, 0, 0, this.marker, 0, MARKER_BYTES, null);
    this.sentMarkers[output] = watermark;
    K.wrote[output] = false;
  }

  /** How far what goes to an output is behind the task's watermark. */
  private holdOf(output: number): number {
    const i = this.compiled.stage.nodes.findIndex((node) => 'output' in node && node.output === output);
    return this.behind[i] + this.compiled.holds[i];
  }

  nextDue(): number {
    let due = Infinity;
    for (const [i, node] of this.K.nodes.entries()) if (node !== null) due = Math.min(due, node.nextDue() + this.behind[i]);
    return due;
  }

  /** Evicts everything that can go, for tests of what comes back. */
  evictAll(): void {
    for (const node of this.K.nodes) if (node !== null && 'evictAll' in node) node.evictAll();
  }

  leaveInStore(entries: readonly number[]): readonly number[] {
    return [...this.compiled.stage.stores.entries()].flatMap(([number, store]) => {
      const node = this.K.nodes[store.node];
      return node !== null && 'leaveInStore' in node && node.leaveInStore(entries[number] ?? 0) ? [] : [number];
    });
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    const { node } = this.compiled.stage.stores[key[0]];
    this.K.nodes[node]!.restore(this.K, key.subarray(1), value);
    if ((++this.replayed & 1023) === 0) this.relieve();
  }

  restored(watermark: number): void {
    const { K } = this;
    K.now = K.env.now();
    for (const [i, node] of K.nodes.entries()) node?.restored(K, watermark - this.behind[i]);
    for (const [i, output] of this.compiled.stage.outputs.entries()) {
      if (output.kind === 'repartition') this.sentMarkers[i] = watermark - this.holdOf(i);
      K.wrote[i] = false;
    }
    K.forgetBuilders();
  }

  stored(commit: number): void {
    for (const node of this.K.nodes) node?.stored(commit);
    this.relieve();
  }

  /** Evicts where tables would grow beyond the limit; between batches, when nobody holds a slot. */
  private relieve(): void {
    const { env, nodes } = this.K;
    if (env.store === null || env.memoryLimit === Infinity) return;
    let total = 0;
    for (const node of nodes) if (node !== null) total += node.bytes();
    for (const node of nodes) node?.relieve(total, env.memoryLimit);
  }

  entries(): readonly number[] {
    return this.compiled.stage.stores.map(({ node }) => this.K.nodes[node]!.entries());
  }

  stats(): KernelStats {
    const { K } = this;
    let [entries, bytes, dirty] = [0, 0, 0];
    for (const node of K.nodes) {
      if (node === null) continue;
      entries += node.entries();
      bytes += node.bytes();
      dirty += node.dirtyEntries();
    }
    const { nodes } = this.compiled.stage;
    return {
      recordsIn: K.recordsIn,
      late: K.late,
      rejected: K.rejected,
      stateEntries: entries,
      stateBytes: bytes,
      dirtyEntries: dirty,
      rows: nodes.map((node, i) => ({
        id: node.id,
        in: K.rowsIn[i],
        out: K.rowsOut[i],
        stateEntries: K.nodes[i]?.entries() ?? 0,
        stateBytes: K.nodes[i]?.bytes() ?? 0,
      })),
      boards: () =>
        nodes.flatMap((node, i) => {
          const state = K.nodes[i];
          return node.op === 'rank' && node.mode !== 'local' && state instanceof RankState ? [{ id: node.id, rows: state.board(K) }] : [];
        }),
    };
  }
}

function receiverOf(node: NodeState, input: number): Receiver {
  if ('receiver' in node) return node.receiver(input);
  if ('receive' in node) return node;
  throw new Error(`what reads input ${input} does not receive rows`);
}

function unused(): never {
  throw new Error('a repartition input is not scanned');
}
