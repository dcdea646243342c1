import { callPlace, type Place } from './place.js';
import type {
  Aggregate,
  Columns,
  Dedupe,
  Duration,
  Emit,
  Expression,
  Join,
  NamesOf,
  NewColumns,
  StepOptions,
  TopK,
  Use,
  Window,
} from './settings.js';

/** Marks streams, also those of another copy of this package. */
const STREAM = Symbol.for('rta.stream');

/** A step, and the call that ended it. */
export interface BuiltStep {
  readonly entries: readonly BuiltEntry[];
  readonly place: Place;
}

/** One entry of a step, and the call that gave it as which argument. */
interface BuiltEntry {
  readonly key: string;
  readonly value: unknown;
  readonly place: Place;
  readonly arg: number;
  /** Whether the argument is a map that has it under this key. */
  readonly within: boolean;
}

/** What a stream is made of. */
export interface StreamParts {
  readonly from: Readable | readonly Readable[] | null;
  readonly steps: readonly BuiltStep[];
  /** Where it began. */
  readonly place: Place;
}

/** The parts of a value if it is a stream, of this copy of the package or another. */
export function streamParts(value: unknown): StreamParts | null {
  return typeof value === 'object' && value !== null && STREAM in value ? (value[STREAM] as StreamParts) : null;
}

/** What a stream, a join, a sink or a board can read: a source or stream by name, or a stream that is in `streams`. */
export type Readable = string | Stream<never>;

type Closing = 'window_start' | 'window_end';

/**
 * Begins a stream: of a source or stream by name, of another stream, of several (their union), or of the only source. A type of rows,
 * `stream<UserScore>('user_score')`, lets TypeScript know the columns from there on; expressions are checked by the compiler either way.
 */
export function stream<C extends string>(from: Stream<C>): Stream<C>;
export function stream<Row = Record<string, unknown>>(from?: Readable | readonly Readable[]): Stream<keyof Row & string>;
export function stream(from?: Readable | readonly Readable[]): Stream {
  return new Stream({ from: from ?? null, steps: [], place: callPlace('stream') });
}

/** Rows on their way through steps, of columns `C`. Nothing changes it: every method gives a new stream. */
export class Stream<C extends string = string> {
  readonly [STREAM]: StreamParts;

  /** For the builder: begin with `stream()`. */
  constructor(parts: StreamParts) {
    this[STREAM] = parts;
  }

  /** Keeps the rows for which an expression is true. */
  filter(condition: Expression, options?: StepOptions): Stream<C> {
    return this.after('filter', condition, options);
  }

  /** Adds columns. */
  derive<const D extends NewColumns>(columns: D, options?: StepOptions): Stream<C | NamesOf<D>> {
    return this.after('derive', columns, options);
  }

  /** Keeps these columns, in this order. */
  select<const S extends Columns<C>>(columns: S, options?: StepOptions): Stream<NamesOf<S>> {
    return this.after('select', columns, options);
  }

  /** Drops columns. */
  drop<const S extends C>(columns: S | readonly S[], options?: StepOptions): Stream<string extends C ? string : Exclude<C, S>> {
    return this.after('drop', columns, options);
  }

  /** Renames columns: `{ newName: 'old' }`. */
  rename<const N extends Readonly<Record<string, C>>>(
    names: N,
    options?: StepOptions,
  ): Stream<string extends C ? string : Exclude<C, N[keyof N]> | (keyof N & string)> {
    return this.after('rename', names, options);
  }

  /** A row for each element of an array. */
  unnest(column: string | Readonly<Record<string, string>>, options?: StepOptions): Stream {
    return this.after('unnest', column, options);
  }

  /** Joins with another stream or table. */
  join(join: Join<Readable>, options?: StepOptions): Stream {
    return this.after('join', join, options);
  }

  /** Adds columns that a typed function computes. */
  use<const U extends Use>(use: U, options?: StepOptions): Stream<C | (keyof U['adds'] & string)> {
    return this.after('use', use, options);
  }

  /** Keeps a share of the keys: `10%`. */
  sample(share: `${number}%`, options?: StepOptions): Stream<C> {
    return this.after('sample', share, options);
  }

  /** Folds all rows to one. */
  aggregate<const A extends Readonly<Record<string, Aggregate>>>(aggregates: A, options?: StepOptions): Stream<keyof A & string> {
    return this.after('aggregate', aggregates, options);
  }

  /** The first rows in an order. */
  topK<const T extends TopK<C>>(topK: T, options?: StepOptions): Stream<TopKColumns<C, T>> {
    return this.after('topK', topK, options);
  }

  /** The columns that the next verb groups by: `.groupBy('user_id').aggregate({ … })`. */
  groupBy<const S extends Columns<C>>(columns: S): Group<C, NamesOf<S>> {
    return this.group('groupBy', columns);
  }

  /** The windows of the next verb, for all rows as one group. */
  window(window: Window): Group<C, Closing> {
    return this.group('window', window);
  }

  /** When the next verb writes its results. */
  emit(emit: Emit): Group<C, never> {
    return this.group('emit', emit);
  }

  /** Inactivity in event time after which the next verb removes a row. */
  ttl(ttl: Duration): Group<C, never> {
    return this.group('ttl', ttl);
  }

  /** A step as YAML has it, for what has no method: `.step({ filter: 'score > 0', note: '…' })`. */
  step(step: Readonly<Record<string, unknown>>): Stream {
    const place = callPlace('step');
    return add(this, { entries: Object.entries(step).map(([key, value]) => ({ key, value, place, arg: 0, within: true })), place });
  }

  private after<D extends string>(verb: string, config: unknown, options: StepOptions | undefined): Stream<D> {
    return add(this, stepOf(verb, config, options, callPlace(verb), []));
  }

  private group<G extends string>(modifier: string, value: unknown): Group<C, G> {
    return new Group(this, [{ key: modifier, value, place: callPlace(modifier), arg: 0, within: false }]);
  }
}

type TopKColumns<C extends string, T> = T extends { readonly list: string }
  ? string
  : T extends { readonly rank: infer R extends string }
    ? C | R
    : C;

/** A stream and the modifiers of its next verb; `G` are the columns that they add. */
class Group<C extends string, G extends string> {
  constructor(
    private readonly of: Stream<C>,
    private readonly modifiers: readonly BuiltEntry[],
  ) {}

  /** The windows that rows are grouped into. */
  window(window: Window): Group<C, G | Closing> {
    return this.with('window', window);
  }

  /** When results are written. */
  emit(emit: Emit): Group<C, G> {
    return this.with('emit', emit);
  }

  /** Inactivity in event time after which a row is removed. */
  ttl(ttl: Duration): Group<C, G> {
    return this.with('ttl', ttl);
  }

  /** Folds the rows of each group to one. */
  aggregate<const A extends Readonly<Record<string, Aggregate>>>(aggregates: A, options?: StepOptions): Stream<G | (keyof A & string)> {
    return this.then('aggregate', aggregates, options);
  }

  /** The first rows of each group in an order. */
  topK<const T extends TopK<C>>(topK: T, options?: StepOptions): Stream<TopKColumns<C | G, T>> {
    return this.then('topK', topK, options);
  }

  /** The first or last row of each group. */
  dedupe(dedupe: Dedupe, options?: StepOptions): Stream<C | G> {
    return this.then('dedupe', dedupe, options);
  }

  /** Adds columns of what came before in each group: `avg(score) over 10s`. */
  derive<const D extends NewColumns>(columns: D, options?: StepOptions): Stream<C | G | NamesOf<D>> {
    return this.then('derive', columns, options);
  }

  /** Keeps a share of the groups: `10%`. */
  sample(share: `${number}%`, options?: StepOptions): Stream<C> {
    return this.then('sample', share, options);
  }

  private with<H extends string>(modifier: string, value: unknown): Group<C, H> {
    return new Group(this.of, [...this.modifiers, { key: modifier, value, place: callPlace(modifier), arg: 0, within: false }]);
  }

  private then<D extends string>(verb: string, config: unknown, options: StepOptions | undefined): Stream<D> {
    return add(this.of, stepOf(verb, config, options, callPlace(verb), this.modifiers));
  }
}

export type { Group };

function stepOf(
  verb: string,
  config: unknown,
  options: StepOptions | undefined,
  place: Place,
  modifiers: readonly BuiltEntry[],
): BuiltStep {
  const more = Object.entries(options ?? {}).map(([key, value]): BuiltEntry => ({ key, value, place, arg: 1, within: true }));
  return { entries: [{ key: verb, value: config, place, arg: 0, within: false }, ...modifiers, ...more], place };
}

function add<C extends string, D extends string>(to: Stream<C>, step: BuiltStep): Stream<D> {
  const parts = to[STREAM];
  return new Stream<D>({ ...parts, steps: [...parts.steps, step] });
}
