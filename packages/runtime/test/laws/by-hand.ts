/** Runs whose every step is written in the test. */
import type {
  Accumulator,
  CumulateWindow,
  FoldTransform,
  HoppingWindow,
  Plan,
  Row,
  SessionWindow,
  SlidingWindow,
  Transform,
  TypedExpr,
  WindowSpec,
} from '@rta/dsl';
import { AvroCodec, toValue } from '../../src/kernel/interpreter/avro-codec.js';
import type { Datum } from '../../src/kernel/interpreter/avro-read.js';
import type { KernelCompiler } from '../../src/kernel/stage-kernel.js';
import { planStages } from '../../src/plan/plan-stages.js';
import type { StagingOptions } from '../../src/plan/stage-builder.js';
import { type Event, EVENT_COLUMNS, eventSource, type RawRecord, rawOf } from './events.js';
import { buildPlan, type SourceSpec } from './plan-builder.js';
import { PipelineRun } from './stage-runner.js';
import { textOfRow } from './text.js';
import { accumulator, column, DOUBLE, LONG, nullable } from './typed-expressions.js';

export function event(at: number, fields: Partial<Event> = {}): Event {
  return { user: 'k', team: null, points: 0, bonus: null, amount: 0, at, ...fields };
}

/** A pipeline of these transforms, one step each, with a sink. */
export function pipelineOf(transforms: readonly Transform[], source: Partial<SourceSpec> = {}): Plan {
  const steps = transforms.map((transform, i) => ({ id: `s${i}`, input: i === 0 ? 'source' : `s${i - 1}`, transform }));
  return buildPlan(eventSource(source), steps, [{ input: steps.at(-1)!.id }]);
}

export function startRun(
  plan: Plan,
  kernelOf: KernelCompiler,
  input: readonly (readonly (Event | RawRecord)[])[],
  downstreamPartitions = 1,
  options: StagingOptions = {},
): PipelineRun {
  const raw = input.map((records) => records.map((record) => ('at' in record ? rawOf(record) : record)));
  return new PipelineRun({
    plan: planStages(plan, options),
    kernelOf,
    input: raw,
    downstreamPartitions,
    choose: () => 0,
    steps: 0,
    preAggregation: true,
    restarts: false,
  });
}

/** Everything written to the only sink, in order: its columns, or `key gone`. */
export function history(plan: Plan, run: PipelineRun): string[] {
  const [sink] = plan.sinks;
  const key = new AvroCodec(sink.keySchema ?? 'null');
  const read = rowReader(plan);
  return run.sinks.get(sink.topic)!.map((written) => {
    if (written.value === null) return `${textOfKey(key.decode(written.key!.subarray(5)))} gone`;
    return textOfRow(sink.columns, read(written.value));
  });
}

/** The rows that were written to the first sink, a stream's. */
export function rowsOf(plan: Plan, run: PipelineRun): Row[] {
  const read = rowReader(plan);
  return run.sinks.get(plan.sinks[0].topic)!.map((written) => read(written.value!));
}

function rowReader({ sinks: [sink] }: Plan): (value: Uint8Array) => Row {
  const codec = new AvroCodec(sink.valueSchema!);
  return (value) => {
    const fields = codec.decode(value.subarray(5)) as ReadonlyMap<string, Datum>;
    return Object.fromEntries(sink.columns.map((c) => [c.name, toValue(c.type, fields.get(c.name)!)]));
  };
}

function textOfKey(key: Datum): string {
  return key instanceof Map ? [...key.values()].join(' ') : (key as string);
}

export interface FoldOptions {
  readonly group?: readonly string[];
  /** Hopping where nothing else is said; tumbling without an advance. */
  readonly window?:
    | (Partial<HoppingWindow> & { readonly sizeMs: number })
    | (Partial<CumulateWindow> & { readonly sizeMs: number; readonly stepMs: number })
    | (Partial<SlidingWindow> & { readonly kind: 'sliding'; readonly sizeMs: number })
    | (Partial<SessionWindow> & { readonly gapMs: number });
  readonly ttlMs?: number;
  readonly emit?: FoldTransform['emit'];
  readonly results?: FoldTransform['results'];
}

/** Accumulators by the names of their results. */
export function foldOf(accumulators: { readonly [name: string]: Accumulator }, options: FoldOptions = {}): FoldTransform {
  const { group = [], window, ttlMs = null, emit = { mode: 'updates' }, results } = options;
  return {
    type: 'fold',
    group: group.map((name) => ({ name, expr: columnOf(name) })),
    window: window ? windowOf(window) : null,
    ttlMs,
    accumulators: Object.values(accumulators),
    results: results ?? Object.entries(accumulators).map(([name, { type }], i) => ({ name, expr: accumulator(i, type) })),
    emit,
  };
}

function windowOf(window: NonNullable<FoldOptions['window']>): WindowSpec {
  const common = { graceMs: 0, late: null };
  if ('kind' in window && window.kind === 'sliding') return { ...common, ...window, kind: 'sliding' };
  return 'gapMs' in window
    ? { ...common, kind: 'session', ...window }
    : 'stepMs' in window
      ? { ...common, kind: 'cumulate', zone: null, ...window }
      : { ...common, kind: 'hopping', advanceMs: window.sizeMs, zone: null, ...window };
}

export function columnOf(name: string): TypedExpr {
  return column(name, EVENT_COLUMNS.find((c) => c.name === name)!.type);
}

export const count: Accumulator = { fn: 'count', arg: null, where: null, type: LONG };
export const sumPoints: Accumulator = { fn: 'sum', arg: columnOf('points'), where: null, type: LONG };
export const sumAmount: Accumulator = { fn: 'sum', arg: columnOf('amount'), where: null, type: DOUBLE };
export const maxPoints: Accumulator = { fn: 'max', arg: columnOf('points'), where: null, type: nullable(LONG) };
