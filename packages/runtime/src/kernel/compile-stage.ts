/**
 * Compiles a stage to generated code, shared by all of its tasks: one function per source input and writer schema that reads batches and does
 * everything up to the tables, and for each fold and rank the functions that write, merge and hand on what is in them.
 */
import type { AvroSchema } from '@rta/dsl';
import { joinHold } from '../plan/join-times.js';
import type { SourceInput, Stage } from '../plan/physical.js';
import { holdOf } from '../plan/window-times.js';
import { generateAlert } from './generate/alert.js';
import { FoldGenerator, type FoldShape, foldShape } from './generate/fold.js';
import { generateOver } from './generate/over.js';
import { JoinGenerator } from './generate/join.js';
import { RankGenerator } from './generate/rank.js';
import { generateScan, type Scan, type Writer } from './generate/scan.js';
import { generateSpread } from './generate/spread.js';
import { keyColumnsOf } from './generate/source-key.js';
import { StageShape } from './generate/stage-shape.js';
import { type AvroRecord, parseAvro } from './run/avro-schema.js';
import { AlertState } from './run/alert-state.js';
import { FoldState } from './run/fold-state.js';
import { GatheredState } from './run/gathered-state.js';
import { GeneratedKernel } from './run/generated-kernel.js';
import { framedKeyReader, type KeyReader } from './run/key-reader.js';
import { ForeignState } from './run/foreign-state.js';
import { OverState } from './run/over-state.js';
import { JoinState } from './run/join-state.js';
import { TableJoinState } from './run/table-join-state.js';
import { PaneState } from './run/pane-state.js';
import { RankState } from './run/rank-state.js';
import { ReferState } from './run/refer-state.js';
import { Reason } from './run/reject.js';
import { type RowsCode, RowsState } from './run/rows-state.js';
import { SessionState } from './run/session-state.js';
import { SpreadState } from './run/spread-state.js';
import { SlidingState } from './run/sliding-state.js';
import type { NodeState, TaskState } from './run/task-state.js';
import type { KernelFactory } from './stage-kernel.js';
import { layoutOf } from './state-layout.js';

/**
 * Throws what makes a stage impossible (a rank of a stream, a fold over a table): the plan should not have asked for it.
 * @param pipeline whose functions these are to be in profiles; default: nobody's, and pipelines of the same steps share the code, which the
 *   engine optimises once for all of them
 */
export function compileStage(stage: Stage, pipeline: string | null = null): KernelFactory {
  const compiled = new CompiledStage(stage, pipeline);
  return (env) => new GeneratedKernel(compiled, env);
}

/** One generated function, for people. */
export interface KernelSource {
  /** `source.user_score.scan` of an input, `1-aggregate.merge` of a node. */
  readonly name: string;
  readonly source: string;
}

/**
 * The source text of what a stage compiles to. A scan is generated for each schema that records were written by; shown is the one of the
 * reader's own schema. Throws as `compileStage`.
 */
export function kernelSources(stage: Stage): readonly KernelSource[] {
  return new CompiledStage(stage, null).sources();
}

export class CompiledStage {
  /** Per node: what makes its state in a task; null for nodes that keep nothing. */
  readonly states: readonly (((K: TaskState) => NodeState) | null)[];
  readonly readers: readonly (readonly number[])[];
  /** Per node: how far it holds the watermark back, ms. */
  readonly holds: readonly number[];

  private readonly shape: StageShape;
  private readonly folds = new Map<number, FoldShape>();
  private readonly scans = new Map<string, Scan>();
  private readonly readerSchemas: readonly (AvroRecord | null)[];
  private readonly generated: { readonly id: string; readonly code: object }[] = [];

  constructor(
    readonly stage: Stage,
    pipeline: string | null,
  ) {
    this.shape = new StageShape(stage, pipeline);
    this.readers = this.shape.inputReaders;
    for (const [i, node] of stage.nodes.entries()) if (node.op === 'fold') this.folds.set(i, foldShape(node));
    const feeds = new Map<number, { readonly fold: number; readonly generator: FoldGenerator }>();
    this.states = stage.nodes.map((node, i) => {
      if (node.op === 'fold') {
        const generator = new FoldGenerator(this.shape, this.folds, i);
        const code = generator.generate();
        this.generated.push({ id: node.id, code });
        const fingerprint = this.fingerprintOf(node.store);
        const { window } = node.transform;
        if (window?.kind === 'sliding') return (K) => new SlidingState(node, window, i, code, K, fingerprint);
        if (window?.kind === 'session') return (K) => new SessionState(node, window, i, code, K, fingerprint);
        for (const consumer of this.shape.consumersOf(i)) feeds.set(consumer, { fold: i, generator });
        if (node.mode === 'rows') return (K) => new RowsState(node, i, code as RowsCode, K, fingerprint);
        const { panes, gathers } = node.transform;
        const State = panes === true ? PaneState : gathers === true ? GatheredState : FoldState;
        return (K) => new State(node, i, code, K, fingerprint);
      }
      if (node.op === 'rank') {
        const from = node.mode === 'global' ? undefined : feeds.get(i);
        const code = new RankGenerator(this.shape, this.folds, i).generate(from ? from.generator.feed(i) : null);
        this.generated.push({ id: node.id, code });
        const fingerprint = this.fingerprintOf(node.store);
        return (K) => new RankState(node, i, code, K, from ? (K.nodes[from.fold] as FoldState) : null, fingerprint);
      }
      if (node.op === 'join') {
        const code = new JoinGenerator(this.shape, this.folds, i).generate();
        this.generated.push({ id: node.id, code });
        const fingerprint = this.fingerprintOf(node.store);
        const State = node.transform.how.kind === 'within' ? JoinState : TableJoinState;
        return (K) => new State(node, i, code, K, fingerprint);
      }
      if (node.op === 'spread') {
        const code = generateSpread(this.shape, this.folds, i);
        this.generated.push({ id: node.id, code });
        return () => new SpreadState(i, code, node.transform.repeats);
      }
      if (node.op === 'refer') return () => new ReferState(node, i, this.fingerprintOf(node.store));
      if (node.op === 'foreign') {
        const owner = this.shape.readers[i].at(0) ?? null;
        return (K) => new ForeignState(node, i, K, this.fingerprintOf(node.store), owner);
      }
      if (node.op === 'over' && node.mode !== 'send') {
        const code = generateOver(this.shape, this.folds, i);
        this.generated.push({ id: node.id, code });
        const fingerprint = this.fingerprintOf(node.store);
        return (K) => new OverState(node, i, code, fingerprint, K.env.store);
      }
      if (node.op === 'alert') {
        const code = generateAlert(this.shape, this.folds, i, node);
        this.generated.push({ id: node.id, code });
        return () => new AlertState(node, i, code, this.fingerprintOf(node.store));
      }
      return null;
    });
    this.holds = stage.nodes.map((node) => {
      if (node.op === 'join') return joinHold(node.transform);
      return node.op === 'fold' && node.mode !== 'partial' ? holdOf(node.transform.window) : 0;
    });
    this.readerSchemas = stage.inputs.map((input) => (input.kind === 'source' ? recordOf(input.readerSchema) : null));
  }

  /** Of nodes without a store, whose state is not written, any number will do. */
  private fingerprintOf(store: number | null): number {
    return store === null ? 0 : layoutOf(this.stage, store).fingerprint;
  }

  /** Reads until a record says by which schema it was written; of what is not framed, everything. */
  firstScan(input: number): Scan {
    const source = this.source(input);
    return this.scan(`${input} first`, () =>
      generateScan(this.shape, this.folds, input, source, { kind: source.format === 'avro' ? 'none' : 'unframed' }),
    );
  }

  /** For records of a writer's schema; null: of an id that the registry does not know. */
  scanOf(input: number, schema: AvroSchema | null): Scan {
    const writer = this.writerOf(input, schema);
    return this.scan(`${input} ${JSON.stringify(schema)}`, () => generateScan(this.shape, this.folds, input, this.source(input), writer));
  }

  /** For framed keys of a writer's schema; null: of an id that the registry does not know. */
  keyReaderOf(input: number, schema: AvroSchema | null): KeyReader {
    return framedKeyReader(schema, keyColumnsOf(this.source(input)));
  }

  /** Every generated function, scans first. */
  sources(): KernelSource[] {
    const scans = this.stage.inputs.flatMap((input, i) =>
      input.kind !== 'source'
        ? []
        : [
            {
              name: `${input.id}.scan`,
              source: String(input.format === 'avro' ? this.scanOf(i, input.readerSchema) : this.firstScan(i)),
            },
          ],
    );
    const nodes = this.generated.flatMap(({ id, code }) =>
      Object.entries(code)
        // Beside generated functions there are facts, and closures of ours, which are arrows.
        .filter(([, part]) => typeof part === 'function' && String(part).startsWith('function'))
        .map(([name, part]) => ({ name: `${id}.${name}`, source: String(part) })),
    );
    return [...scans, ...nodes];
  }

  private writerOf(input: number, schema: AvroSchema | null): Writer {
    if (schema === null) return { kind: 'unreadable', reason: Reason.UNKNOWN_SCHEMA_ID };
    try {
      return { kind: 'avro', writer: parseAvro(schema), reader: this.readerSchemas[input]! };
    } catch {
      // No registry gives such a schema out; if one does, its records are dead letters.
      return { kind: 'unreadable', reason: Reason.INCOMPATIBLE };
    }
  }

  private scan(key: string, make: () => Scan): Scan {
    let scan = this.scans.get(key);
    if (scan === undefined) {
      scan = make();
      this.scans.set(key, scan);
    }
    return scan;
  }

  private source(input: number): SourceInput {
    const source = this.stage.inputs[input];
    if (source.kind !== 'source') throw new Error(`input ${input} of stage ${this.stage.id} is no source`);
    return source;
  }
}

function recordOf(schema: AvroSchema): AvroRecord {
  const node = parseAvro(schema);
  if (node.kind !== 'record') throw new TypeError(`a source's schema is a record, not a ${node.kind}`);
  return node;
}
