/**
 * How fast a kernel is, on one core, without a log: `npx tsx --conditions=source packages/runtime/test/kernel/speed.ts [name…]`.
 * Records are Avro of about 45 bytes, keyed by user; figures are million records per second of reading, and µs per key of flushing.
 */
import type { Accumulator, AvroSchema, Column, FoldTransform, OverTransform, Transform } from '@rta/dsl';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import type { OutputBatch } from '../../src/log/log.js';
import { records } from '../../src/log/batch/records.js';
import type { RecordBatch } from '../../src/log/batch/record-batch.js';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { Scratch } from '../../src/kernel/run/scratch.js';
import type { KernelEnv, StageKernel } from '../../src/kernel/stage-kernel.js';
import { planStages } from '../../src/plan/plan-stages.js';
import type { Stage } from '../../src/plan/physical.js';
import { buildPlan } from '../laws/plan-builder.js';
import { accumulator, binary, cast, column, DOUBLE, LONG, nullable, STRING, TIMESTAMP } from '../laws/typed-expressions.js';

const INT = { kind: 'int' } as const;
const COLUMNS: readonly Column[] = [
  { name: 'user_id', type: STRING },
  { name: 'team_id', type: STRING },
  { name: 'team_name', type: STRING },
  { name: 'score', type: INT },
  { name: 'event_time', type: TIMESTAMP },
];
const SCHEMA: AvroSchema = {
  type: 'record',
  name: 'score',
  fields: COLUMNS.map(({ name, type }) => ({
    name,
    type: type.kind === 'timestamp' ? { type: 'long', logicalType: 'timestamp-millis' } : type.kind,
  })),
};
const START = 1_700_000_000_000;

function batches(records: number, users: number, perBatch: number): RecordBatch[] {
  const result: RecordBatch[] = [];
  const [value, key] = [new Scratch(), new Scratch()];
  let seed = 12345;
  const builder = new BatchBuilder('in', 0, 1 << 30);
  for (let i = 0; i < records; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const user = (seed >>> 4) % users;
    const team = user % 15;
    let p = value.frame(0, 7);
    p = value.string(p, `user-${user}`);
    p = value.string(p, `team-${team}`);
    p = value.string(p, `Name of team ${team}`);
    p = value.long(p, seed % 21);
    p = value.long(p, START + Math.floor(i / 100));
    builder.append(START, key.bytes, 0, key.text(0, `user-${user}`), value.bytes, 0, p, null);
    if ((i + 1) % perBatch === 0) result.push(...parseBatches(builder.take()[0].batch, { verifyCrc: false }));
  }
  return result;
}

const sum = { fn: 'sum', arg: cast(column('score', INT), LONG), where: null, type: LONG } as const;
const max = { fn: 'max', arg: column('team_name', STRING), where: null, type: nullable(STRING) } as const;
const byUser = [{ name: 'user_id', expr: column('user_id', STRING) }];
const fold = (over: Partial<FoldTransform>): FoldTransform => ({
  type: 'fold',
  group: byUser,
  window: null,
  ttlMs: null,
  accumulators: [sum],
  results: [{ name: 'total', expr: accumulator(0, LONG) }],
  emit: { mode: 'updates' },
  ...over,
});
const byTeam = [{ name: 'team_id', expr: column('team_id', STRING) }];
const rank: Transform = {
  type: 'rank',
  group: [],
  k: 10,
  by: [{ expr: column('total', LONG), descending: true, nullsFirst: false }],
  tieBreak: ['user_id'],
  rank: 'rnk',
  ties: false,
  emit: { mode: 'updates' },
};
const window = (sizeMs: number, advanceMs: number) => ({ kind: 'hopping', sizeMs, advanceMs, zone: null, graceMs: 0, late: null }) as const;

/** By team in tumbling windows. */
const values = (sizeMs: number, accumulators: readonly Accumulator[]): FoldTransform =>
  fold({
    group: byTeam,
    window: window(sizeMs, sizeMs),
    accumulators,
    results: accumulators.map(({ type }, i) => ({ name: `r${i}`, expr: accumulator(i, type) })),
  });

const CASES: Readonly<Record<string, { readonly transforms: readonly Transform[]; readonly users: number }>> = {
  sum: { transforms: [fold({})], users: 4000 },
  top: {
    transforms: [
      fold({
        ttlMs: 3_600_000,
        accumulators: [sum, max],
        results: [
          { name: 'total', expr: accumulator(0, LONG) },
          { name: 'team', expr: accumulator(1, nullable(STRING)) },
        ],
      }),
      rank,
    ],
    users: 4000,
  },
  sum200k: { transforms: [fold({})], users: 200_000 },
  top200k: {
    transforms: [
      fold({
        ttlMs: 3_600_000,
        accumulators: [sum, max],
        results: [
          { name: 'total', expr: accumulator(0, LONG) },
          { name: 'team', expr: accumulator(1, nullable(STRING)) },
        ],
      }),
      rank,
    ],
    users: 200_000,
  },
  final: { transforms: [fold({ window: window(60_000, 10_000), emit: { mode: 'final' } })], users: 4000 },
  sum2m: { transforms: [fold({})], users: 2_000_000 },
  partial: { transforms: [fold({ group: byTeam })], users: 4000 },
  tumble: { transforms: [fold({ group: byTeam, window: window(10_000, 10_000) })], users: 4000 },
  distinct: { transforms: [values(10_000, [{ fn: 'distinct', arg: column('user_id', STRING), where: null, type: LONG }])], users: 4000 },
  about: { transforms: [values(10_000, [{ fn: 'approxDistinct', arg: column('user_id', STRING), where: null, type: LONG }])], users: 4000 },
  latest: {
    transforms: [values(10_000, [{ fn: 'last', arg: column('team_name', STRING), where: null, type: nullable(STRING) }])],
    users: 4000,
  },
  median: {
    transforms: [
      values(10_000, [{ fn: 'percentile', fraction: 0.5, arg: cast(column('score', INT), DOUBLE), where: null, type: nullable(DOUBLE) }]),
    ],
    users: 4000,
  },
  spread: {
    transforms: [values(10_000, [{ fn: 'variance', arg: cast(column('score', INT), DOUBLE), where: null, type: nullable(DOUBLE) }])],
    users: 4000,
  },
  session: {
    transforms: [fold({ window: { kind: 'session', gapMs: 100, graceMs: 0, late: null }, emit: { mode: 'final' } })],
    users: 4000,
  },
  slide: {
    transforms: [fold({ group: byTeam, window: { kind: 'sliding', sizeMs: 2000, graceMs: 0, late: null }, emit: { mode: 'final' } })],
    users: 4000,
  },
  hop: { transforms: [fold({ window: window(60_000, 10_000) })], users: 4000 },
  avg: {
    transforms: [
      fold({
        accumulators: [{ fn: 'sum', arg: cast(column('score', INT), DOUBLE), where: null, type: DOUBLE }],
        results: [{ name: 'total', expr: accumulator(0, DOUBLE) }],
      }),
    ],
    users: 4000,
  },
};

interface Setup {
  readonly kernel: StageKernel;
  /** Takes what was written since. */
  readonly take: () => Map<string, OutputBatch[]>;
}

function kernelOf(stage: Stage): Setup {
  const builders = new Map<string, BatchBuilder>();
  const builder = (id: string): BatchBuilder => {
    const known = builders.get(id) ?? new BatchBuilder(id, 0);
    builders.set(id, known);
    return known;
  };
  const env: KernelEnv = {
    partition: 0,
    tasks: 1,
    output: (output, partition) => builder(`${output}-${partition}`),
    partitions: stage.outputs.map(() => 4),
    schemaIds: stage.outputs.map(() => ({ key: 1, value: 2 })),
    changelog: () => builder('changelog'),
    store: null,
    memoryLimit: Infinity,
    late: () => undefined,
    reject: (_record, _step, code, message) => {
      throw new Error(`${code}: ${message}`);
    },
    now: () => START + 1_000_000_000,
  };
  const kernel = compileStage(stage)(env);
  if (stage.inputs[0].kind === 'source') kernel.addWriterSchema(0, 7, SCHEMA);
  return { kernel, take: () => new Map([...builders].map(([id, b]) => [id, b.take()])) };
}

/** CPU time of this process, ms: the machine is shared. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function input(records: number, users: number): RecordBatch[] {
  return batches(records, users, 500);
}

function stagesOf(transforms: readonly Transform[], key: string | null, panes = true): readonly Stage[] {
  const steps = transforms.map((transform, i) => ({ id: `s${i}`, input: i === 0 ? 'source' : `s${i - 1}`, transform }));
  const source = { columns: COLUMNS, schema: SCHEMA, time: 'event_time', latenessMs: 5000, key };
  return planStages(buildPlan(source, steps, [{ input: steps.at(-1)!.id }]), { panes }).stages;
}

/** Reading and flushing of the first stage of a case, a line of text. */
function throughput(name: string, records: number): string {
  const { transforms, users } = CASES[name];
  const read = input(records, users);
  const { kernel, take } = kernelOf(stagesOf(transforms, 'user_id')[0]);
  const results: string[] = [];
  for (let round = 0; round < 5; round++) {
    let [reading, flushing, written] = [0, 0, 0];
    for (const [i, batch] of read.entries()) {
      const begin = cpu();
      kernel.process(0, batch, 0);
      reading += cpu() - begin;
      if ((i + 1) % Math.ceil(read.length / 4) !== 0) continue;
      const start = cpu();
      kernel.flush(kernel.maxEventTime(0) - 5000);
      flushing += cpu() - start;
      for (const taken of take().values()) for (const { recordCount } of taken) written += recordCount;
    }
    results.push(
      `${(records / reading / 1000).toFixed(2)} M/s, ${((flushing * 1000) / written).toFixed(2)} µs/record written (${written})`,
    );
  }
  return results.slice(-3).join(' | ');
}

/** Batches as a log would give them back. */
function parsed(taken: Iterable<readonly OutputBatch[]>): RecordBatch[] {
  return [...taken].flatMap((list) => list.flatMap(({ batch }) => parseBatches(batch, { verifyCrc: false })));
}

/** Changelog records of a sum by 200,000 users, into a new kernel. */
function restoring(count: number): string {
  const [stage] = stagesOf([fold({})], 'user_id');
  const { kernel, take } = kernelOf(stage);
  for (const batch of input(count, 200_000)) kernel.process(0, batch, 0);
  kernel.flush(0);
  const entries = parsed([take().get('changelog')!]).flatMap((batch) => [...records(batch)]);
  const results: string[] = [];
  for (let round = 0; round < 5; round++) {
    const fresh = kernelOf(stage);
    const begin = cpu();
    for (const { key, value } of entries) fresh.kernel.restore(key!, value);
    fresh.kernel.restored(0);
    results.push(`${(entries.length / (cpu() - begin) / 1000).toFixed(2)} M/s`);
  }
  return results.slice(-3).join(' | ');
}

/** Partial sums of 200,000 users, into the fold that merges them. */
function merging(count: number): string {
  const [first, second] = stagesOf([fold({})], null);
  const { kernel, take } = kernelOf(first);
  for (const batch of input(count, 200_000)) kernel.process(0, batch, 0);
  kernel.flush(0);
  const partials = parsed(take().values());
  const partialCount = partials.reduce((total, batch) => total + batch.recordCount, 0);
  const to = kernelOf(second).kernel;
  const results: string[] = [];
  for (let round = 0; round < 5; round++) {
    const begin = cpu();
    for (const batch of partials) to.process(0, batch, 0);
    results.push(`${(partialCount / (cpu() - begin) / 1000).toFixed(2)} M/s`);
  }
  return results.slice(-3).join(' | ');
}

const SCORE = cast(column('score', INT), LONG);
/** Means over 10 s and 60 s by user, whose rows are all written. */
const means: OverTransform = {
  type: 'over',
  group: [{ name: 'user_id', expr: column('user_id', STRING) }],
  ttlMs: null,
  accumulators: [10_000, 60_000].flatMap((size) => [
    { fn: 'sum', arg: SCORE, where: null, type: LONG, over: { unit: 'ms', size, previous: false } },
    { fn: 'count', arg: null, where: null, type: LONG, over: { unit: 'ms', size, previous: false } },
  ]),
  columns: [
    ...COLUMNS.map(({ name, type }) => ({ name, expr: column(name, type) })),
    ...[0, 2].map((i) => ({
      name: `mean${i}`,
      expr: binary('/', cast(accumulator(i, LONG), DOUBLE), cast(accumulator(i + 1, LONG), DOUBLE), nullable(DOUBLE)),
    })),
  ],
};

/** All of an `over`: reading, flushing, the changelog and the rows, with a flush every 10,000 records. */
function lookingBack(count: number): string {
  const read = input(count, 4000);
  const [stage] = stagesOf([means], 'user_id');
  const results: string[] = [];
  for (let round = 0; round < 4; round++) {
    const { kernel, take } = kernelOf(stage);
    const begin = cpu();
    for (const [i, batch] of read.entries()) {
      kernel.process(0, batch, 0);
      if ((i + 1) % 20 !== 0) continue;
      kernel.flush(kernel.maxEventTime(0) - 5000);
      take();
    }
    results.push(`${(count / (cpu() - begin) / 1000).toFixed(2)} M/s`);
  }
  return results.slice(-3).join(' | ');
}

/** Windows that overlap 60 times, all of it: reading, flushing at each end of a window, the changelog and the rows. */
function overlapping(users: number, panes: boolean, emit: FoldTransform['emit'] = { mode: 'final' }): (count: number) => string {
  return (count) => {
    const read = input(count, users);
    const [stage] = stagesOf([fold({ window: window(6000, 100), emit })], 'user_id', panes);
    const results: string[] = [];
    for (let round = 0; round < 2; round++) {
      const { kernel, take } = kernelOf(stage);
      const begin = cpu();
      let written = 0;
      for (const [i, batch] of read.entries()) {
        kernel.process(0, batch, 0);
        if ((i + 1) % 20 !== 0) continue;
        kernel.flush(kernel.maxEventTime(0) - 1000);
        for (const taken of take().get('changelog') ?? []) written += taken.recordCount;
      }
      results.push(`${(count / (cpu() - begin) / 1000).toFixed(3)} M/s, ${(written / count).toFixed(1)} changelog records each`);
    }
    return results.join(' | ');
  };
}

const EVERY = { mode: 'every', everyMs: 10_000 } as const;
/** As above, of windows that overlap 6 times, by team and by user: what is read and sent on, a commit each 10,000 records. */
function periodic(key: string | null, panes: boolean): (count: number) => string {
  return (count) => {
    const read = input(count, 4000);
    const [stage] = stagesOf([fold({ group: key === null ? byTeam : byUser, window: window(60_000, 10_000), emit: EVERY })], key, panes);
    const results: string[] = [];
    for (let round = 0; round < 4; round++) {
      const { kernel, take } = kernelOf(stage);
      const begin = cpu();
      let written = 0;
      for (const [i, batch] of read.entries()) {
        kernel.process(0, batch, 0);
        if ((i + 1) % 20 !== 0) continue;
        kernel.flush(kernel.maxEventTime(0) - 5000);
        for (const taken of take().values()) for (const { recordCount } of taken) written += recordCount;
      }
      results.push(`${(count / (cpu() - begin) / 1000).toFixed(2)} M/s, ${written} written`);
    }
    return results.slice(-3).join(' | ');
  };
}

/** What can be measured, by name: gives the figures of the last three of five rounds. */
export const MEASURES: Readonly<Record<string, (records: number) => string>> = {
  ...Object.fromEntries(Object.keys(CASES).map((name) => [name, (count: number) => throughput(name, count)])),
  restore: restoring,
  merge: merging,
  over: lookingBack,
  panes: overlapping(4000, true),
  nopanes: overlapping(4000, false),
  panes40: overlapping(40, true),
  nopanes40: overlapping(40, false),
  every: periodic('user_id', true),
  everyno: periodic('user_id', false),
  sent: periodic(null, true),
  sentno: periodic(null, false),
  every40: overlapping(40, true, EVERY),
  every40no: overlapping(40, false, EVERY),
};

if (process.argv[1]?.endsWith('speed.ts')) {
  for (const [name, measure] of Object.entries(MEASURES))
    if (process.argv.length <= 2 || process.argv.includes(name)) console.log(`${name.padEnd(8)} ${measure(1_000_000)}`);
}
