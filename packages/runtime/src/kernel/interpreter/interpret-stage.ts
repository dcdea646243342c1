/**
 * The oracle of the generated kernel: the same interface and the same outputs, written for plainness. Rows are objects, groups are maps,
 * sums are exact integers, boards are sorted anew, nothing is evicted.
 */
import { Buffer } from 'node:buffer';
import { type AvroSchema, ExpressionError } from '@rta/dsl';
import { LOG_APPEND_TIME } from '../../log/batch/layout.js';
import type { RecordBatch } from '../../log/batch/record-batch.js';
import { type LogRecord, records } from '../../log/batch/records.js';
import { isAligned } from '../../plan/aligned-windows.js';
import { feedsOf, type Stage, type StageNode } from '../../plan/physical.js';
import type { KernelEnv, KernelFactory, KernelStats, RejectCode, StageKernel } from '../stage-kernel.js';
import { Rejected } from './avro-read.js';
import { Incidents } from './alert.js';
import { Fold } from './fold.js';
import { ForeignJoin } from './foreign-join.js';
import type { FoldNode, KeyedFold } from './keyed-fold.js';
import type { Effect, Operator, StageContext } from './operator.js';
import { Join } from './join.js';
import { OverRows } from './over.js';
import { PanedFold } from './paned-fold.js';
import { Rank } from './rank.js';
import { Refer } from './refer.js';
import { RowsFold } from './rows-fold.js';
import { SessionFold } from './session-fold.js';
import { Send } from './send.js';
import { TableJoin } from './table-join.js';
import { Sink } from './sink.js';
import { Spread } from './spread.js';
import { SlidingFold } from './sliding-fold.js';
import { Source } from './source.js';
import { Filter, Project } from './stateless.js';
import { Unnest } from './unnest.js';

export function interpretStage(stage: Stage): KernelFactory {
  return (env) => new StageInterpreter(stage, env);
}

/** What came in through a repartition input: the last watermark of each upstream partition. */
class Upstream {
  watermarks: number[] = [];

  heard(partition: number, watermark: number): void {
    while (this.watermarks.length <= partition) this.watermarks.push(-Infinity);
    this.watermarks[partition] = watermark;
  }
}

class StageInterpreter implements StageKernel {
  private readonly operators: Operator[] = [];
  private readonly inputs: (Source | Upstream)[];
  /** Operators that read an input. */
  private readonly readers: Operator[][];
  /** Per operator: how far its watermark is behind the task's. */
  private readonly behind: number[] = [];
  private readonly markers: Markers[];
  private recordsIn = 0;
  private late = 0;
  private rejected = 0;
  private rowErrors = 0;

  constructor(
    private readonly stage: Stage,
    private readonly env: KernelEnv,
  ) {
    this.inputs = stage.inputs.map((input, i) => (input.kind === 'source' ? new Source(input, i, env) : new Upstream()));
    this.readers = stage.inputs.map(() => []);
    this.markers = stage.outputs.flatMap((output, i) => (output.kind === 'repartition' ? [new Markers(i, env)] : []));
    const context: StageContext = {
      env,
      tableError: () => this.rowErrors++,
      changelog: (key, value) => this.writeChangelog(key, value),
      write: (output, partition, timestamp, key, value) => {
        append(env.output(output, partition), timestamp, key, value);
        this.markers.find((marker) => marker.output === output)?.wrote();
      },
    };
    for (const node of stage.nodes) {
      const operator = operatorOf(node, stage, context);
      this.operators.push(operator);
      let behind = 0;
      for (const feed of feedsOf(node)) {
        if ('input' in feed) {
          this.readers[feed.input].push(operator);
          continue;
        }
        const from = this.operators[feed.node];
        from.next.push(operator);
        behind = Math.max(behind, this.behind[feed.node] + from.hold);
      }
      this.behind.push(behind);
    }
  }

  process(input: number, batch: RecordBatch, fromOffset: number): void {
    const appendTime = (batch.attributes & LOG_APPEND_TIME) !== 0 ? batch.maxTimestamp : null;
    for (const record of records(batch, fromOffset)) {
      const from = this.inputs[input];
      if (from instanceof Source) this.processSource(input, from, record, appendTime);
      else this.processReceived(input, from, record);
    }
  }

  /** Evaluates everything that may throw before anything changes: a record has all of its effects or none. */
  private processSource(input: number, source: Source, record: LogRecord, appendTime: number | null): void {
    let step = source.input.id;
    try {
      const row = source.read(record, appendTime);
      const effects: Effect[] = [];
      for (const reader of this.readers[input]) {
        step = reader.node.step;
        reader.row(row, effects);
      }
      for (const effect of effects) effect();
      if (row.source !== null && row.source.lateFor.size > 0) this.late++;
    } catch (error) {
      if (error instanceof Rejected) this.reject(input, record, step, error.code, error.message);
      else if (error instanceof ExpressionError) this.reject(input, record, step, 'expression', error.message);
      else throw error;
    }
    this.recordsIn++;
  }

  private reject(input: number, record: LogRecord, step: string, code: RejectCode, message: string): void {
    const { offset, timestamp, key, value, rawHeaders } = record;
    this.rejected++;
    this.env.reject({ input, offset, timestamp, key, value, headers: rawHeaders }, step, code, message);
  }

  private processReceived(input: number, upstream: Upstream, { key, value }: LogRecord): void {
    this.recordsIn++;
    if (key !== null) {
      for (const reader of this.readers[input]) reader.received(key, value, input);
      return;
    }
    const marker = Buffer.from(value!);
    upstream.heard(marker.readInt32BE(0), marker.readDoubleBE(4));
  }

  /** All of it waits for the flush. */
  advance(): void {}

  flush(watermark: number): void {
    this.operators.forEach((operator, i) => operator.flush(watermark - this.behind[i]));
    for (const marker of this.markers) marker.send(watermark - this.holdOf(marker.output));
  }

  /** How far what goes to an output is behind the task's watermark. */
  private holdOf(output: number): number {
    const i = this.stage.nodes.findIndex((node) => 'output' in node && node.output === output);
    return this.behind[i] + this.operators[i].hold;
  }

  private writeChangelog(key: Uint8Array, value: Uint8Array | null): void {
    const changelog = this.env.changelog();
    if (changelog) append(changelog, this.env.now(), key, value);
  }

  addWriterSchema(input: number, id: number, schema: AvroSchema | null): void {
    const from = this.inputs[input];
    if (from instanceof Source) from.addWriterSchema(id, schema);
  }

  maxEventTime(input: number): number {
    const from = this.inputs[input];
    return from instanceof Source ? from.maxEventTime : -Infinity;
  }

  upstreamWatermarks(input: number): Float64Array {
    const from = this.inputs[input];
    return from instanceof Upstream ? Float64Array.from(from.watermarks) : new Float64Array(0);
  }

  restoreTime(input: number, maxEventTime: number, upstream: readonly number[]): void {
    const from = this.inputs[input];
    if (from instanceof Source) from.maxEventTime = maxEventTime;
    else from.watermarks = [...upstream];
  }

  nextDue(): number {
    return Math.min(Infinity, ...this.operators.map((operator, i) => operator.nextDue() + this.behind[i]));
  }

  leaveInStore(): readonly number[] {
    return [...this.stage.stores.keys()];
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    const store = this.stage.stores[key[0]];
    this.operators[store.node].restore(key.subarray(1), value);
  }

  restored(watermark: number): void {
    this.operators.forEach((operator, i) => operator.restored(watermark - this.behind[i]));
    for (const marker of this.markers) marker.sent = watermark - this.holdOf(marker.output);
  }

  stored(_commit: number): void {
    // Nothing is ever evicted.
  }

  entries(): readonly number[] {
    return this.stage.stores.map(({ node }) => this.operators[node].entries().all);
  }

  stats(): KernelStats {
    const entries = this.operators.map((operator) => operator.entries());
    return {
      recordsIn: this.recordsIn,
      late: this.late,
      rejected: this.rejected,
      stateEntries: entries.reduce((sum, e) => sum + e.all, 0),
      stateBytes: 0,
      dirtyEntries: entries.reduce((sum, e) => sum + e.dirty, 0),
      rows: this.operators.map(({ node, rowsIn, rowsOut }, i) => ({
        id: node.id,
        in: rowsIn,
        out: rowsOut,
        stateEntries: entries[i].all,
        stateBytes: 0,
      })),
      boards: () =>
        this.operators.flatMap((operator) =>
          operator instanceof Rank && operator.node.mode !== 'local' ? [{ id: operator.node.id, rows: operator.rows() }] : [],
        ),
    };
  }
}

/** The watermark markers of one repartition output: after the rows, to every partition, whenever there is something to say. */
class Markers {
  sent = -Infinity;
  private rows = false;

  constructor(
    readonly output: number,
    private readonly env: KernelEnv,
  ) {}

  wrote(): void {
    this.rows = true;
  }

  send(watermark: number): void {
    if (!this.rows && watermark === this.sent) return;
    const value = Buffer.alloc(12);
    value.writeInt32BE(this.env.partition, 0);
    value.writeDoubleBE(watermark, 4);
    for (let partition = 0; partition < this.env.partitions[this.output]; partition++)
      append(this.env.output(this.output, partition), this.env.now(), null, value);
    this.sent = watermark;
    this.rows = false;
  }
}

function append(builder: ReturnType<KernelEnv['output']>, timestamp: number, key: Uint8Array | null, value: Uint8Array | null): void {
  builder.append(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, null);
}

/** The fold of a node. */
export function foldOperator(node: FoldNode, context: StageContext): KeyedFold {
  const { window } = node.transform;
  if (node.mode === 'rows') return new RowsFold(node, context);
  if (window?.kind === 'sliding') return new SlidingFold(node, context, window);
  if (isAligned(window) && node.transform.panes === true) return new PanedFold(node, context, window);
  return window?.kind === 'session' ? new SessionFold(node, context, window) : new Fold(node, context);
}

function operatorOf(node: StageNode, stage: Stage, context: StageContext): Operator {
  switch (node.op) {
    case 'filter':
      return new Filter(node, context, node.transform);
    case 'project':
      return new Project(node, context, node.transform);
    case 'unnest':
      return new Unnest(node, context);
    case 'fold':
      return foldOperator(node, context);
    case 'rank':
      return new Rank(node, context);
    case 'spread':
      return new Spread(node, context, node.transform);
    case 'send':
      return new Send(node, context);
    case 'join':
      return node.transform.how.kind === 'within' ? new Join(node, context) : new TableJoin(node, context);
    case 'refer':
      return new Refer(node, context);
    case 'foreign':
      return new ForeignJoin(node, context);
    case 'over':
      return new OverRows(node, context);
    case 'alert':
      return new Incidents(node, context);
    case 'sink': {
      const output = stage.outputs[node.output];
      if (output.kind !== 'sink') throw new Error(`the sink ${node.id} writes to a repartition topic`);
      return new Sink(node, context, node.output, output);
    }
  }
}
