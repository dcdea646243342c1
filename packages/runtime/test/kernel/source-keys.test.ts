/** Columns that come from record keys, in every format: kernel and interpreter agree on any keys, and what they are. */
import { Buffer } from 'node:buffer';
import type { AvroSchema, Column, KeyFormat, Plan, Type } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { AvroCodec, type Raw } from '../../src/kernel/interpreter/avro-codec.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser } from '../laws/arbitrary.js';
import type { RawRecord } from '../laws/events.js';
import { implementations } from '../laws/implementations.js';
import { lockstep } from '../laws/lockstep.js';
import { buildPlan } from '../laws/plan-builder.js';
import { RUNS, SEED } from '../laws/settings.js';
import { runPipeline, type RunResult } from '../laws/stage-runner.js';
import { accumulator, column, LONG, STRING, TIMESTAMP } from '../laws/typed-expressions.js';
import type { KernelCompiler } from '../../src/kernel/stage-kernel.js';

const VALUE: AvroSchema = { type: 'record', name: 'value', fields: [{ name: 'at', type: 'long' }, { name: 'n', type: 'int' }] }; // prettier-ignore
const INT: Type = { kind: 'int' };

/** By id: of values 1, of keys as their writers had them the others. */
const WRITERS: ReadonlyMap<number, AvroSchema> = new Map<number, AvroSchema>([
  [1, VALUE],
  [2, 'long'],
  [3, 'int'],
  [4, { type: 'record', name: 'Envelope', fields: [{ name: 'op', type: 'string' }, { name: 'id', type: ['null', 'int'] }] }], // prettier-ignore
  [5, { type: 'record', name: 'Pair', fields: [{ name: 'shop', type: 'string' }, { name: 'id', type: 'long' }] }], // prettier-ignore
  [6, 'string'],
]);

/** Counts the records of each key, which needs the keys checked where it stays in its partition. */
function planOf(format: KeyFormat, key: readonly Column[], counted: boolean): Plan {
  const columns: Column[] = [...key, { name: 'at', type: TIMESTAMP }, { name: 'n', type: INT }];
  const source = { columns, schema: VALUE, time: 'at', key: key.map(({ name }) => name), keyFormat: format, keyAdds: true };
  const named = columns.map(({ name, type }) => ({ name, expr: column(name, type) }));
  const copy = { id: 's0', input: 'source', transform: { type: 'project', columns: named } } as const;
  const count = {
    id: 's1',
    input: 's0',
    transform: {
      type: 'fold',
      group: named.slice(0, key.length),
      window: null,
      ttlMs: null,
      accumulators: [{ fn: 'count', arg: null, where: null, type: LONG }],
      results: [{ name: 'rows', expr: accumulator(0, LONG) }],
      emit: { mode: 'updates' },
    },
  } as const;
  return buildPlan(source, counted ? [copy, count] : [copy], [{ input: counted ? 's1' : 's0', format: 'json' }]);
}

function run(plan: Plan, records: readonly RawRecord[], kernelOf: KernelCompiler): RunResult {
  return runPipeline({
    plan: planStages(plan),
    kernelOf,
    input: [records],
    downstreamPartitions: 1,
    choose: chooser(1),
    steps: 10,
    preAggregation: true,
    restarts: false,
    writerSchemas: WRITERS,
  });
}

const framed = (id: number, raw: Raw): Buffer => {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, new AvroCodec(WRITERS.get(id)!).encode(raw)]);
};
const value = framed(1, { at: 5, n: 7 });
const ID: readonly Column[] = [{ name: 'id', type: LONG }];
const PAIR: readonly Column[] = [{ name: 'shop', type: STRING }, ...ID];
const TEXT: readonly Column[] = [{ name: 'id', type: STRING }];
const long = (n: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(n);
  return bytes;
};

type Case = readonly [format: KeyFormat, columns: readonly Column[], key: Buffer | null, row: string];

describe.each(implementations)('%s', (_name, kernelOf) => {
  it.each<Case>([
    ['string', TEXT, Buffer.from('žlu"ť'), '"id":"žlu\\"ť"'],
    ['string', TEXT, Buffer.alloc(0), '"id":""'],
    ['string', ID, Buffer.from('9007199254740993'), '"id":9007199254740993'],
    ['string', ID, Buffer.from('x'), 'bad_key'],
    ['string', ID, null, 'null_key'],
    ['json', ID, Buffer.from(' -12 '), '"id":-12'],
    ['json', TEXT, Buffer.from('"a"'), '"id":"a"'],
    ['json', TEXT, Buffer.from('a'), 'bad_key'],
    ['json', PAIR, Buffer.from('{ "id": 3, "shop": "x" }'), '"shop":"x","id":3'],
    ['json', PAIR, Buffer.from('{"shop":"x"}'), 'bad_key'],
    ['long', ID, long(-9007199254740994n), '"id":-9007199254740994'],
    ['long', ID, long(-5n), '"id":-5'],
    ['long', ID, Buffer.alloc(4), 'bad_key'],
    ['int', [{ name: 'id', type: INT }], Buffer.of(255, 255, 255, 254), '"id":-2'],
    ['avro', ID, framed(2, 7), '"id":7'],
    ['avro', ID, framed(3, -7), '"id":-7'],
    ['avro', ID, framed(4, { op: 'c', id: 8 }), '"id":8'],
    ['avro', ID, framed(4, { op: 'c', id: null }), 'bad_key'],
    ['avro', ID, framed(6, 'x'), 'bad_key'],
    ['avro', ID, Buffer.of(0, 0, 0, 0, 99, 2), 'bad_key'],
    ['avro', PAIR, framed(5, { shop: 'x', id: 3 }), '"shop":"x","id":3'],
    ['avro', PAIR, Buffer.concat([framed(5, { shop: 'x', id: 3 }), Buffer.of(0)]), 'bad_key'],
  ])('%s keys of %j: %j', (format, columns, key, row) => {
    const { sinks, rejected } = run(planOf(format, columns, false), [{ key, value }], kernelOf);
    const rows = sinks.get('sink0')!.map((written) => Buffer.from(written.value!).toString());
    expect([...rows, ...rejected.map(({ code }) => code)]).toEqual([
      row.startsWith('"') ? `{${row},"at":"1970-01-01T00:00:00.005Z","n":7}` : row,
    ]);
  });

  it('counts in its partition, and rejects keys that are not written as its own would be', () => {
    const keys = ['1', '01', ' 1', '1'].map((text) => ({ key: Buffer.from(text), value }));
    const { sinks, rejected } = run(planOf('json', ID, true), keys, kernelOf);
    expect(Buffer.from(sinks.get('sink0')!.at(-1)!.value!).toString()).toBe('{"id":1,"rows":2}');
    expect(rejected.map(({ offset, code }) => `${offset} ${code}`)).toEqual(['1 bad_key', '2 key_mismatch']);
  });
});

const anyKey = fc.oneof(
  fc
    .constantFrom('1', '-1', '007', '1.0', '"a"', '{"shop":"a","id":1}', '{"id":1}', 'null', '9223372036854775808')
    .map((t) => Buffer.from(t)),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(long),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map((n) => framed(2, n)),
  fc.tuple(fc.string(), fc.integer()).map(([shop, id]) => framed(5, { shop, id })),
  fc.tuple(fc.string(), fc.option(fc.integer({ min: -1000, max: 1000 }))).map(([op, id]) => framed(4, { op, id })), // prettier-ignore
  fc.tuple(fc.constantFrom(2, 3, 4, 5, 6, 99), fc.uint8Array({ maxLength: 12 })).map(([id, rest]) => Buffer.concat([Buffer.of(0, 0, 0, 0, id), rest])), // prettier-ignore
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(null),
);

describe(`any keys (seed ${SEED})`, () => {
  it.each<readonly [KeyFormat, readonly Column[]]>([
    ['string', TEXT],
    ['string', ID],
    ['json', ID],
    ['json', PAIR],
    ['int', [{ name: 'id', type: INT }]],
    ['long', ID],
    ['avro', ID],
    ['avro', TEXT],
    ['avro', PAIR],
  ])('%s of %j', (format, columns) => {
    const make = (counted: boolean): ((records: readonly RawRecord[]) => void) => {
      const plan = planOf(format, columns, counted);
      const kernelOf: KernelCompiler = (stage) => lockstep(stage, interpretStage(stage), compileStage(stage), ['interpreter', 'kernel']);
      return (records) => void run(plan, records, kernelOf);
    };
    const [copied, counted] = [make(false), make(true)];
    fc.assert(
      fc.property(fc.array(anyKey, { minLength: 1, maxLength: 8 }), fc.boolean(), (keys, count) => {
        (count ? counted : copied)(keys.map((key) => ({ key, value })));
      }),
      { numRuns: RUNS * 2, seed: SEED },
    );
  });
});
