/** Random small pipelines and their input. Times are few and close, so that borders are met often. */
import type {
  Accumulator,
  Column,
  Emit,
  FoldTransform,
  NamedExpr,
  Order,
  RankTransform,
  Relation,
  Transform,
  Type,
  TypedExpr,
  WindowSpec,
} from '@rta/dsl';
import fc from 'fast-check';
import { type Event, EVENT_COLUMNS, eventSource } from './events.js';
import { showEvents, showStep } from './show.js';
import { relationOf, type SourceSpec, type StepSpec } from './plan-builder.js';
import { accumulator, binary, bits, cast, column, compare, DOUBLE, isNotNull, LONG, nullable } from './typed-expressions.js';

export interface Pipeline {
  readonly source: SourceSpec;
  readonly steps: readonly StepSpec[];
  /** Steps that have a sink. */
  readonly sinks: readonly string[];
}

export interface Case {
  readonly pipeline: Pipeline;
  readonly partitions: readonly (readonly Event[])[];
  readonly seed: number;
}

const DAY = 60;

const amounts = fc.constantFrom(0, -0, 0.1, 0.2, 0.3, 1.5, -7.25, 1e308, -1e308, 1e-300, 5e-324, Infinity, -Infinity, NaN);
const points = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 5 }) },
  fc.constantFrom(4e9, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
);

export const someEvent: fc.Arbitrary<Event> = fc.record({
  user: fc.constantFrom('a', 'b', 'c', 'ä', '\u{1F600}', '\uFF5E'),
  team: fc.constantFrom(null, 'x', 'y', ''),
  points,
  bonus: fc.option(fc.integer({ min: 0, max: 3 })),
  amount: amounts,
  at: fc.integer({ min: -10, max: DAY }),
});

/** Two to four partitions, each ending with an event of the same time, so that all watermarks agree in the end. */
export const input = (keyed: boolean): fc.Arbitrary<readonly (readonly Event[])[]> =>
  fc
    .record({
      count: fc.integer({ min: 2, max: 4 }),
      events: fc.array(fc.tuple(someEvent, fc.nat(3)), { maxLength: 40 }),
      after: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: DAY })),
    })
    .map(({ count, events, after }) => {
      const end = Math.max(0, ...events.map(([e]) => e.at)) + after;
      return Array.from({ length: count }, (_, partition): Event[] => [
        ...events.filter(([e, to]) => (keyed ? homeOf(e.user) : to) % count === partition).map(([e]) => e),
        { user: `end${partition}`, team: null, points: 0, bonus: null, amount: 0, at: end },
      ]);
    });

/** The partition of a user, where the record key decides. */
function homeOf(user: string): number {
  return user.codePointAt(0)!;
}

// ---- Steps ----

/** A condition over one of the columns. */
const condition = (columns: readonly Column[]): fc.Arbitrary<TypedExpr> =>
  fc
    .record({
      of: fc.constantFrom(...columns.filter(isScalar)),
      op: fc.constantFrom('<', '<=', '>', '>='),
      nulls: fc.boolean(),
      pick: fc.nat(5),
    })
    .map(({ of, op, nulls, pick }) => {
      const expr = column(of.name, of.type);
      if (nulls && of.type.kind === 'nullable') return isNotNull(expr);
      const kind = of.type.kind === 'nullable' ? of.type.of.kind : of.type.kind;
      return compare(op, expr, kind === 'string' ? ['', 'a', 'b', 'x', 'ä', 'z'][pick] : pick);
    });

const derive: fc.Arbitrary<Transform> = fc
  .constantFrom<NamedExpr>(
    { name: 'extra', expr: binary('*', column('points', LONG), column('points', LONG), LONG) },
    { name: 'extra', expr: binary('+', column('points', LONG), cast(column('bonus', nullable(LONG)), nullable(LONG)), nullable(LONG)) },
  )
  .map((extra) => ({ type: 'project', columns: [...EVENT_COLUMNS.map((c) => ({ name: c.name, expr: column(c.name, c.type) })), extra] }));

const isScalar = ({ type }: Column): boolean => type.kind !== 'array';
const isLong = (type: Type): boolean => type.kind === 'long' || (type.kind === 'nullable' && type.of.kind === 'long');
const isDouble = (type: Type): boolean => type.kind === 'double';

/** Of what rows are: a stream; a table whose rows have times of their own; a table of a table. */
type Over = 'stream' | 'table' | 'table of a table';

/** Any accumulator over the columns. */
const accumulatorOver = (all: readonly Column[], over: Over = 'stream'): fc.Arbitrary<Accumulator> => {
  const columns = all.filter(isScalar);
  const numeric = columns.filter((c) => isLong(c.type) || isDouble(c.type));
  const definite = (type: Type): Type => (type.kind === 'nullable' ? type.of : type);
  const anyColumn = fc.constantFrom(...columns);
  const argument = (fn: 'count' | 'sum' | 'min' | 'max'): fc.Arbitrary<Omit<Accumulator, 'where'>> =>
    fc.constantFrom(...(fn === 'sum' ? numeric : columns)).map((c) => ({
      fn,
      arg: column(c.name, c.type),
      type: fn === 'count' ? LONG : fn === 'sum' ? (isLong(c.type) ? LONG : DOUBLE) : nullable(c.type),
    }));
  /** Those that keep values of rows. */
  const kept = fc
    .record({
      fn: fc.constantFrom('first', 'last', 'argMin', 'argMax', 'collect', 'topK'),
      of: anyColumn,
      by: anyColumn,
      limit: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ fn, of, by, limit }): Omit<Accumulator, 'where'> => {
      const isArray = fn === 'collect' || fn === 'topK';
      return {
        fn,
        arg: column(of.name, of.type),
        ...(fn.startsWith('arg') || fn === 'topK' ? { by: column(by.name, by.type) } : {}),
        ...(isArray ? { limit } : {}),
        type: isArray ? { kind: 'array', items: definite(of.type) } : nullable(of.type),
      };
    });
  const distinct = fc
    .tuple(over === 'stream' ? fc.constantFrom('distinct', 'approxDistinct') : fc.constant('distinct' as const), anyColumn)
    .map(([fn, of]): Omit<Accumulator, 'where'> => ({ fn, arg: column(of.name, of.type), type: LONG }));
  const ofDoubles = (): fc.Arbitrary<Omit<Accumulator, 'where'>> =>
    fc
      .record({ of: fc.constantFrom(...numeric), fraction: fc.option(fc.constantFrom(0, 0.25, 0.5, 0.9, 1), { freq: 1 }) })
      .map(({ of, fraction }): Omit<Accumulator, 'where'> => {
        const { name, type } = of;
        const arg = isDouble(type) ? column(name, type) : cast(column(name, type), type.kind === 'nullable' ? nullable(DOUBLE) : DOUBLE);
        return fraction === null
          ? { fn: 'variance', arg, type: nullable(DOUBLE) }
          : { fn: 'percentile', fraction, arg, type: nullable(DOUBLE) };
      });
  const funnel = fc
    .array(condition(columns), { minLength: 1, maxLength: 4 })
    .map((steps): Omit<Accumulator, 'where'> => ({ fn: 'funnel', arg: bits(steps), limit: steps.length, type: { kind: 'int' } }));
  const what = fc.oneof(
    fc.constant<Omit<Accumulator, 'where'>>({ fn: 'count', arg: null, type: LONG }),
    ...(['count', 'min', 'max'] as const).map(argument),
    ...(numeric.length > 0 ? [argument('sum'), argument('sum'), ofDoubles(), ofDoubles()] : []),
    ...(over === 'table of a table' ? [] : [{ weight: 3, arbitrary: kept }]),
    { weight: 2, arbitrary: distinct },
    ...(over === 'stream' ? [funnel] : []),
  );
  return fc.tuple(what, fc.option(condition(columns), { freq: 4 })).map(([accumulated, where]) => ({ ...accumulated, where }));
};

/** Some column that can be compared is always there, for the steps behind. */
const withScalar = (accumulators: readonly Accumulator[]): readonly Accumulator[] =>
  accumulators.some((a) => a.type.kind !== 'array') ? accumulators : [...accumulators, { fn: 'count', arg: null, where: null, type: LONG }];

const grace = fc.constantFrom(0, 0, 3, 10);

const hopping = fc
  .tuple(fc.constantFrom([5, 5], [10, 10], [10, 5], [10, 3], [20, 4]), grace)
  .map(([[sizeMs, advanceMs], graceMs]): WindowSpec => ({ kind: 'hopping', sizeMs, advanceMs, zone: null, graceMs, late: null }));

/** Milliseconds lie in a zone's days as they do in those of UTC: this tries the way that windows of a zone go. */
const inZone = fc.tuple(fc.constantFrom([10, 10], [10, 5], [20, 4]), grace).map(([[sizeMs, advanceMs], graceMs]): WindowSpec => ({
  kind: 'hopping',
  sizeMs,
  advanceMs,
  zone: 'Europe/Prague',
  graceMs,
  late: null,
}));

const cumulate = fc
  .tuple(fc.constantFrom([10, 5], [20, 4], [6, 2], [5, 5]), grace)
  .map(([[sizeMs, stepMs], graceMs]): WindowSpec => ({ kind: 'cumulate', sizeMs, stepMs, zone: null, graceMs, late: null }));

const session = fc
  .tuple(fc.constantFrom(1, 3, 7), grace)
  .map(([gapMs, graceMs]): WindowSpec => ({ kind: 'session', gapMs, graceMs, late: null }));

const window = fc.oneof({ weight: 2, arbitrary: hopping }, { weight: 2, arbitrary: session }, inZone, cumulate);

const sliding = fc
  .tuple(fc.constantFrom(1, 5, 20), grace)
  .map(([sizeMs, graceMs]): WindowSpec => ({ kind: 'sliding', sizeMs, graceMs, late: null }));

type Timing = Pick<FoldTransform, 'window' | 'ttlMs' | 'emit'>;

/** What a fold's times are like: windows or a ttl or neither, and when it emits. */
const timing = fc.oneof(
  fc
    .tuple(window, fc.constantFrom<Emit>({ mode: 'updates' }, { mode: 'final' }, { mode: 'final' }, { mode: 'every', everyMs: 5 }))
    .map(([w, emit]) => ({ window: w, ttlMs: null, emit })),
  sliding.map((w): Timing => ({ window: w, ttlMs: null, emit: { mode: 'final' } })),
  fc
    .tuple(fc.constantFrom(null, 3, 7, 15), fc.constantFrom<Emit>({ mode: 'updates' }, { mode: 'updates' }, { mode: 'every', everyMs: 5 }))
    .map(([ttlMs, emit]) => ({ window: null, ttlMs, emit })),
);

/** A fold over a table has neither windows nor a ttl. */
const tableTiming = fc
  .constantFrom<Emit>({ mode: 'updates' }, { mode: 'updates' }, { mode: 'every', everyMs: 5 })
  .map((emit) => ({ window: null, ttlMs: null, emit }));

const RESULT: Readonly<Record<Over, string>> = { stream: 'r', table: 't', 'table of a table': 'u' };

const foldOver = (columns: readonly Column[], names: readonly string[], over: Over = 'stream'): fc.Arbitrary<FoldTransform> =>
  fc
    .record({
      group: fc.subarray([...names], {
        minLength: over === 'stream' ? 0 : 1,
        maxLength: over === 'stream' ? names.length : Math.min(2, names.length),
      }),
      timing: over === 'stream' ? timing : tableTiming,
      accumulators: fc.array(accumulatorOver(columns, over), { minLength: 1, maxLength: 3 }).map(withScalar),
    })
    .map(({ group, timing: times, accumulators }) => ({
      type: 'fold',
      group: group.map((name) => ({ name, expr: column(name, columns.find((c) => c.name === name)!.type) })),
      ...times,
      accumulators,
      results: [
        ...accumulators.map((a, i) => ({ name: `${RESULT[over]}${i}`, expr: accumulator(i, a.type) })),
        ...accumulators.flatMap((a, i): NamedExpr[] =>
          // Overflows now and then: the row is retracted.
          i === 0 && a.fn === 'sum' && a.type.kind === 'long'
            ? [{ name: `square_${RESULT[over]}`, expr: binary('*', accumulator(0, LONG), accumulator(0, LONG), LONG) }]
            : [],
        ),
      ],
    }));

const rankOver = (relation: Relation): fc.Arbitrary<RankTransform> => {
  const orderable = relation.columns.filter(isScalar);
  const order: fc.Arbitrary<Order> = fc
    .record({ of: fc.constantFrom(...orderable), descending: fc.boolean(), nullsFirst: fc.boolean() })
    .map(({ of, ...rest }) => ({ expr: column(of.name, of.type), ...rest }));
  // Also columns that are not of the key: a row then moves between boards.
  const anyGroup = fc.oneof(
    fc.subarray([...relation.key!]),
    fc.constantFrom(...orderable).map((c) => [c.name]),
  );
  const board = fc.record({
    group: anyGroup,
    emit: fc.constantFrom<Emit>({ mode: 'updates' }, { mode: 'updates' }, { mode: 'every', everyMs: 5 }),
  });
  const windowKey = ['window_start', 'window_end'];
  const others = relation.key!.filter((name) => !windowKey.includes(name));
  const windowBoard = fc.record({
    group: fc.subarray(others).map((names) => [...names, ...windowKey]),
    emit: fc.constantFrom<Emit>({ mode: 'final' }, { mode: 'final' }, { mode: 'updates' }),
  });
  return fc
    .record({
      board: relation.windowed ? fc.oneof(board, windowBoard) : board,
      k: fc.integer({ min: 1, max: 3 }),
      by: fc.array(order, { minLength: 1, maxLength: 2 }),
      rank: fc.constantFrom(relation.columns.some((c) => c.name === 'rank') ? 'rank2' : 'rank', null),
      ties: fc.boolean(),
    })
    .map(({ board: { group, emit }, ...rest }) => ({ type: 'rank', group, tieBreak: relation.key!, emit, ...rest }));
};

/** Adds a step behind the last one. */
interface Draft {
  readonly steps: readonly StepSpec[];
  readonly relation: Relation;
  /** Some fold was over a table. */
  readonly ofTable: boolean;
}

const add = (draft: Draft, transform: Transform): Draft => {
  const input = draft.steps.at(-1)?.id ?? 'source';
  const ofTable = draft.ofTable || (transform.type === 'fold' && draft.relation.kind === 'table');
  return {
    steps: [...draft.steps, { id: `s${draft.steps.length}`, input, transform }],
    relation: relationOf(draft.relation, transform),
    ofTable,
  };
};

const maybe =
  <T>(arbitrary: (draft: Draft) => fc.Arbitrary<T>, freq: number) =>
  (draft: Draft): fc.Arbitrary<T | null> =>
    fc.option(arbitrary(draft), { freq });

type Stepper = (draft: Draft) => fc.Arbitrary<Draft>;

const then =
  (make: (draft: Draft) => fc.Arbitrary<Transform | null>): Stepper =>
  (draft) =>
    make(draft).map((transform) => (transform === null ? draft : add(draft, transform)));

const filterStep: Stepper = then(maybe((d) => condition(d.relation.columns).map((c): Transform => ({ type: 'filter', condition: c })), 1));
const deriveStep: Stepper = then(maybe(() => derive, 1));
const foldStep: Stepper = then((d) => foldOver(d.relation.columns, ['user', 'team']));
/** A stream is folded again; a table is ranked, or folded too. */
const behindStep: Stepper = then((d): fc.Arbitrary<Transform | null> => {
  if (d.relation.kind === 'table') return fc.option(overTable(d), { freq: 3 });
  return fc.option(
    foldOver(
      d.relation.columns,
      d.relation.key!.filter((name) => !name.startsWith('window')),
    ),
    { freq: 2 },
  );
});
const overTable = ({ relation, steps, ofTable }: Draft): fc.Arbitrary<Transform> => {
  const periodic = steps.some(({ transform: t }) => (t.type === 'fold' || t.type === 'rank') && t.emit.mode === 'every');
  if (periodic) return rankOver(relation);
  const names = relation.columns.filter(isScalar).map((c) => c.name);
  return fc.oneof(rankOver(relation), foldOver(relation.columns, names, ofTable ? 'table of a table' : 'table'));
};
const tableStep: Stepper = (d) =>
  d.relation.kind === 'table' && d.relation.key !== null ? then((draft) => fc.option(overTable(draft), { freq: 1 }))(d) : fc.constant(d);
const renameStep: Stepper = then(
  maybe(
    (d) =>
      fc.constant<Transform>({
        type: 'project',
        columns: d.relation.columns.map((c) => ({ name: `${c.name}_`, expr: column(c.name, c.type) })),
      }),
    1,
  ),
);

const STEPS: readonly Stepper[] = [filterStep, deriveStep, foldStep, filterStep, behindStep, filterStep, tableStep, renameStep];

const pipeline: fc.Arbitrary<Pipeline> = fc
  .record({ latenessMs: fc.constantFrom(0, 5, 20, 100), key: fc.constantFrom('user', null) })
  .chain((options) => {
    const source = eventSource(options);
    const relation: Relation = {
      kind: 'stream',
      columns: EVENT_COLUMNS,
      key: options.key === null ? null : [options.key],
      windowed: false,
    };
    const start: fc.Arbitrary<Draft> = fc.constant({ steps: [], relation, ofTable: false });
    return STEPS.reduce((drafts, step) => drafts.chain(step), start).chain(({ steps }) =>
      fc
        // A second branch from the source, and sinks on steps in between.
        .record({ branch: fc.option(foldOver(EVENT_COLUMNS, ['user', 'team']), { freq: 1 }), between: fc.subarray(steps.map((s) => s.id)) })
        .map(({ branch, between }): Pipeline => {
          const other: StepSpec[] = branch === null ? [] : [{ id: 'other', input: 'source', transform: branch }];
          return { source, steps: [...steps, ...other], sinks: [...new Set([...between, steps.at(-1)!.id, ...other.map((o) => o.id)])] };
        }),
    );
  });

export const lawCase: fc.Arbitrary<Case> = pipeline.chain((p) =>
  fc
    .record({ pipeline: fc.constant(p), partitions: input(p.source.key === 'user'), seed: fc.integer() })
    .map((c) => Object.defineProperty(c, fc.toStringMethod, { value: () => show(c) })),
);

function show({ pipeline: { source, steps }, partitions, seed }: Case): string {
  return `\n  lateness ${source.latenessMs} key ${String(source.key)} seed ${seed}\n  ${steps.map(showStep).join('\n  ')}\n  ${showEvents(partitions)}\n`;
}

/** Numbers below `n`, from a seed (mulberry32). */
export function chooser(seed: number): (n: number) => number {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}
