/**
 * Two implementations of one stage side by side: every call goes to both, and after each of them what came out must be equal. What goes on
 * to the other stages is the first one's.
 */
import { Buffer } from 'node:buffer';
import type { AvroSchema, FoldTransform } from '@rta/dsl';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import type { RecordBatch } from '../../src/log/batch/record-batch.js';
import { GroupCodec } from '../../src/kernel/interpreter/groups.js';
import {
  type BadRecord,
  type KernelEnv,
  type KernelFactory,
  type KernelStats,
  type StageKernel,
  UnknownSchema,
} from '../../src/kernel/stage-kernel.js';
import type { Stage, StageNode } from '../../src/plan/physical.js';
import { takeRecords } from './stage-runner.js';

class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** @param names of the two, for messages */
export function lockstep(stage: Stage, first: KernelFactory, second: KernelFactory, names: readonly [string, string]): KernelFactory {
  return (env) => new Lockstep(stage, env, [new Side(stage, first, env), new Side(stage, second, env)], names);
}

/** One of the two, with its own outputs and reports. */
class Side {
  readonly kernel: StageKernel;
  reports: Report[] = [];
  builders = new Map<string, BatchBuilder>();
  changelog = new BatchBuilder('changelog', 0);

  constructor(stage: Stage, factory: KernelFactory, env: KernelEnv) {
    this.kernel = factory({
      ...env,
      output: (output, partition) => {
        const id = `${output}-${partition}`;
        const builder = this.builders.get(id) ?? new BatchBuilder(stage.outputs[output].topic, partition);
        this.builders.set(id, builder);
        return builder;
      },
      changelog: () => (stage.changelog === null ? null : this.changelog),
      late: (record, step, windows) => {
        const copy = copyOf(record);
        const missed = windows.map(({ start, end }) => ({ start, end }));
        this.reports.push({
          text: `late ${textOf(copy)} at ${step}: ${JSON.stringify(missed)}`,
          repeat: (to) => to.late(copy, step, missed),
        });
      },
      reject: (record, step, code, message) => {
        const copy = copyOf(record);
        this.reports.push({ text: `rejected ${textOf(copy)}: ${code}`, repeat: (to) => to.reject(copy, step, code, message) });
      },
    });
  }

  takeReports(): Report[] {
    return this.reports.splice(0);
  }
}

/** A call that a kernel made. */
interface Report {
  readonly text: string;
  readonly repeat: (env: KernelEnv) => void;
}

/** Records are slices of a batch, valid during the call only. */
function copyOf(record: BadRecord): BadRecord {
  const { key, value, headers } = record;
  return { ...record, key: key && Uint8Array.from(key), value: value && Uint8Array.from(value), headers: Uint8Array.from(headers) };
}

function textOf({ input, offset, timestamp, key, value, headers }: BadRecord): string {
  return `${input}:${offset} @${timestamp} ${hex(key)} ${hex(value)} ${hex(headers)}`;
}

type Output = ReturnType<typeof takeRecords>;

class Lockstep implements StageKernel {
  /** What the changelogs say by now, to compare them. */
  private readonly states: [Map<string, string>, Map<string, string>] = [new Map(), new Map()];
  /** Of each, numbers of the stores that it is given now, while restoring. */
  private reads: (readonly number[])[] | null = null;

  constructor(
    private readonly stage: Stage,
    private readonly env: KernelEnv,
    private readonly sides: readonly [Side, Side],
    private readonly names: readonly [string, string],
  ) {}

  process(input: number, batch: RecordBatch, fromOffset: number): void {
    const thrown = this.sides.map(({ kernel }) => {
      try {
        kernel.process(input, batch, fromOffset);
        return null;
      } catch (error) {
        if (error instanceof UnknownSchema) return error;
        throw error;
      }
    });
    const what = (error: UnknownSchema | null): string => (error === null ? 'done' : `schema ${error.schemaId} wanted at ${error.offset}`);
    this.same('process', what(thrown[0]), what(thrown[1]));
    const [a, b] = this.sides.map((side) => side.takeReports());
    const texts = (reports: readonly Report[]): string => reports.map(({ text }) => text).join('\n');
    this.same('reports', texts(a), texts(b));
    for (const { repeat } of a) repeat(this.env);
    if (thrown[0] !== null) throw thrown[0];
  }

  /** Of what is handed on early only the order among rows of different keys is another one: that is for the laws that look at results. */
  advance(): void {}

  flush(watermark: number): void {
    const outputs = this.sides.map((side): Map<string, Output> => {
      side.kernel.flush(watermark);
      const written = new Map([...side.builders].map(([id, builder]): [string, Output] => [id, takeRecords(builder)]));
      side.builders.clear();
      return written;
    });
    this.stage.outputs.forEach((_, output) => {
      for (let partition = 0; partition < this.env.partitions[output]; partition++) {
        const id = `${output}-${partition}`;
        const [a, b] = outputs.map((of) => this.canonical(output, of.get(id) ?? []));
        this.same(`flush(${watermark}), output ${output} partition ${partition}`, a, b);
        for (const { key, value, timestamp } of outputs[0].get(id) ?? [])
          this.env.output(output, partition).append(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, null);
      }
    });
    this.compareStates();
    this.compareCounts();
    this.compareDue();
  }

  /** With eviction an implementation may ask to be called early, for an entry that it does not have at hand; never late. */
  private compareDue(): void {
    const [a, b] = this.sides.map(({ kernel }) => kernel.nextDue());
    const interpreted = this.names[0] === 'interpreter' ? a : b;
    const agree = this.env.store === null ? a === b : Math.max(a, b) === interpreted;
    if (!agree) this.same('nextDue', String(a), String(b));
  }

  /** Sinks: the bytes; of a table by key, of a stream in order. Repartition topics: partials by what they mean, the marker last. */
  private canonical(output: number, written: Output): string {
    const to = this.stage.outputs[output];
    const node = this.stage.nodes.find((n) => 'output' in n && n.output === output)!;
    const texts = written.map(({ key, value, timestamp }) => {
      if (to.kind === 'sink') return `${hex(key)} ${hex(value)} @${value === null ? '' : timestamp}`;
      return `${hex(key)} ${key === null || value === null ? hex(value) : canonicalRepartition(node, key, value)}`;
    });
    if (to.kind === 'sink') return (to.table ? texts.sort() : texts).join('\n');
    if (texts.slice(0, -1).some((text) => text.startsWith('null '))) throw new Disagreement('a marker stands before the last record');
    return texts.sort().join('\n');
  }

  private compareStates(): void {
    const [a, b] = this.sides.map((side, i) => {
      const state = this.states[i];
      for (const { key, value } of takeRecords(side.changelog)) {
        if (i === 0) this.env.changelog()!.append(this.env.now(), key, 0, key!.length, value, 0, value?.length ?? 0, null);
        if (value === null) state.delete(hex(key));
        else state.set(hex(key), canonicalState(this.stage, key!, value));
      }
      return [...state].map(([key, value]) => `${key} ${value}`);
    });
    this.same('changelog', a.sort().join('\n'), b.sort().join('\n'));
  }

  private compareCounts(): void {
    const [a, b] = this.sides.map(({ kernel }) => {
      const stats = kernel.stats();
      const { recordsIn, late, rejected } = stats;
      const rows = stats.boards().map(
        ({ id, rows: board }) =>
          `${id}: ${board
            .map((row) => Object.values(row).map(String).join())
            .sort()
            .join(' ')}`,
      );
      return `${recordsIn} in, ${late} late, ${rejected} rejected\n${rows.join('\n')}`;
    });
    this.same('stats', a, b);
  }

  private same(what: string, a: string, b: string): void {
    if (a !== b) throw new Disagreement(`${what} of stage ${this.stage.id}\n${this.names[0]}:\n${a}\n${this.names[1]}:\n${b}`);
  }

  addWriterSchema(input: number, id: number, schema: AvroSchema | null): void {
    for (const { kernel } of this.sides) kernel.addWriterSchema(input, id, schema);
  }

  maxEventTime(input: number): number {
    const [a, b] = this.sides.map(({ kernel }) => kernel.maxEventTime(input));
    this.same('maxEventTime', String(a), String(b));
    return a;
  }

  upstreamWatermarks(input: number): Float64Array {
    const [a, b] = this.sides.map(({ kernel }) => kernel.upstreamWatermarks(input));
    const known = (of: Float64Array): string =>
      [...of]
        .join()
        .replace(/(,-Infinity)+$/, '')
        .replace(/^-Infinity$/, '');
    this.same('upstreamWatermarks', known(a), known(b));
    return a;
  }

  restoreTime(input: number, maxEventTime: number, upstream: readonly number[]): void {
    for (const { kernel } of this.sides) kernel.restoreTime(input, maxEventTime, upstream);
  }

  /** Each restores what it has to; until the first `stored` all of it is in the store. */
  leaveInStore(entries: readonly number[]): readonly number[] {
    this.reads = this.sides.map(({ kernel }) => kernel.leaveInStore(entries));
    return [...this.stage.stores.keys()];
  }

  /** Both restore what the first one wrote. */
  restore(key: Uint8Array, value: Uint8Array | null): void {
    this.sides.forEach(({ kernel }, i) => {
      if (this.reads?.[i].includes(key[0]) !== false) kernel.restore(key, value);
      if (value === null) this.states[i].delete(hex(key));
      else this.states[i].set(hex(key), canonicalState(this.stage, key, value));
    });
  }

  restored(watermark: number): void {
    for (const { kernel } of this.sides) kernel.restored(watermark);
  }

  nextDue(): number {
    return this.sides[0].kernel.nextDue();
  }

  stored(commit: number): void {
    this.reads = null;
    for (const { kernel } of this.sides) kernel.stored(commit);
  }

  entries(): readonly number[] {
    return this.sides[0].kernel.entries();
  }

  stats(): KernelStats {
    return this.sides[0].kernel.stats();
  }
}

function hex(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString('hex');
}

/** Partials may write the same exact sum in other parts: they are compared as the interpreter would write them. */
function canonicalRepartition(node: StageNode, key: Uint8Array, value: Uint8Array): string {
  if (node.op !== 'fold') return hex(value);
  const codec = codecOf(node.transform);
  return hex(codec.encodePartial(codec.decodePartial(key, value)));
}

function canonicalState(stage: Stage, key: Uint8Array, value: Uint8Array): string {
  const node = stage.nodes[stage.stores[key[0]].node];
  if (node.op !== 'fold') return hex(value);
  const codec = codecOf(node.transform);
  const entry = codec.decodeKey(key.subarray(1));
  entry.incarnations = codec.decodeStoreValue(value);
  return hex(codec.encodeStoreValue(entry));
}

const codecs = new WeakMap<FoldTransform, GroupCodec>();

function codecOf(fold: FoldTransform): GroupCodec {
  const codec = codecs.get(fold) ?? new GroupCodec(fold);
  codecs.set(fold, codec);
  return codec;
}
