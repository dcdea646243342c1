/** Records that cannot be counted in: which code they get, that they are rejected alone, and that kernel and interpreter say the same of any bytes. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { AvroCodec } from '../../src/kernel/interpreter/avro-codec.js';
import { Rejected } from '../../src/kernel/interpreter/avro-read.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser, someEvent } from './arbitrary.js';
import { count, event, foldOf, history, pipelineOf, startRun, sumAmount, sumPoints } from './by-hand.js';
import { type Event, EVENT_SCHEMA_ID, EVENT_SCHEMA_WITH_DEFAULT, framed, type RawRecord, rawOf, WRITER_SCHEMAS } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';

const key = Buffer.from('k');
const good = rawOf(event(5));
const changed = (change: (bytes: Buffer) => void): RawRecord => {
  const value = Buffer.from(good.value!);
  change(value);
  return { key, value };
};
const older = { user: 'k', team: 'x', points: 2, amount: 1.5, at: 5 };
const other = { ...older, bonus: null, tags: { a: ['b'] } };

describe.each(implementations)('%s', (_name, kernelOf) => {
  it.each<readonly [code: string, what: string, record: RawRecord]>([
    ['empty_value', 'no value', { key, value: null }],
    ['empty_value', 'an empty value', { key, value: Buffer.alloc(0) }],
    ['bad_magic', 'another first byte', changed((b) => b.fill(1, 0, 1))],
    ['bad_magic', 'fewer bytes than a frame', { key, value: Buffer.of(0, 0, 0) }],
    ['unknown_schema_id', 'an id that the registry does not know', changed((b) => b.writeInt32BE(99, 1))],
    ['not_avro', 'a truncated record', { key, value: good.value!.subarray(0, -1) }],
    ['not_avro', 'a byte too many', { key, value: Buffer.concat([good.value!, Buffer.of(0)]) }],
    ['not_avro', 'nothing behind the frame', { key, value: good.value!.subarray(0, 5) }],
    ['missing_field', 'a writer without a field that the reader needs', { key, value: framed(8, older) }],
    ['incompatible_schema', 'a null where the reader has none', { key, value: framed(10, { ...older, bonus: null, points: null }) }],
    ['incompatible_schema', 'a time in other units', { key, value: framed(11, { ...older, bonus: null }) }],
    ['key_mismatch', 'another key', { ...good, key: Buffer.from('x') }],
    ['key_mismatch', 'no key', { ...good, key: null }],
  ])('%s: %s', (code, _what, record) => {
    const plan = pipelineOf([foldOf({ n: count, sum: sumPoints }, { group: ['user'] })], { key: 'user' });
    const run = startRun(plan, kernelOf, [[good, record, good]]);
    run.toEnd();
    expect(run.rejected).toEqual([{ partition: 0, offset: 1, code }]);
    expect(history(plan, run).at(-1)).toBe('user="k" n=2 sum=0');
  });

  it('reads what other writers wrote, by name, with promotions and defaults', () => {
    const plan = pipelineOf([foldOf({ n: count, points: sumPoints, amount: sumAmount }, { group: ['team'] })], {
      schema: EVENT_SCHEMA_WITH_DEFAULT,
    });
    const run = startRun(plan, kernelOf, [
      [
        { key, value: framed(8, older) },
        { key, value: framed(9, other) },
        { key, value: framed(10, { ...older, bonus: 7 }) },
      ],
    ]);
    run.toEnd();
    expect(run.rejected).toEqual([]);
    expect(history(plan, run).at(-1)).toBe('team="x" n=3 points=6 amount=4.5');
  });

  it('a rejected record does not move the watermark', () => {
    const plan = pipelineOf([foldOf({ n: count }, { group: ['user'], window: { sizeMs: 10 } })], { key: 'user' });
    const run = startRun(plan, kernelOf, [[event(5), { ...rawOf(event(100)), key: Buffer.from('x') }, event(6)]]);
    run.toEnd();
    expect(run.late).toEqual([]);
  });
});

/** A record with something wrong, or nothing. */
const damaged: fc.Arbitrary<RawRecord> = fc
  .record({
    event: someEvent,
    writer: fc.constantFrom(EVENT_SCHEMA_ID, EVENT_SCHEMA_ID, 8, 9, 10, 99),
    at: fc.nat(60),
    byte: fc.nat(255),
    how: fc.nat(6),
  })
  .map(({ event: e, writer, at, byte, how }) => {
    const value = Buffer.from(valueOf(e, writer));
    const place = at % value.length;
    const keyBytes = Buffer.from(e.user);
    switch (how) {
      case 0:
        value[place] = byte;
        return { key: keyBytes, value };
      case 1:
        return { key: keyBytes, value: value.subarray(0, place) };
      case 2:
        return { key: keyBytes, value: Buffer.concat([value.subarray(0, place), Buffer.of(byte), value.subarray(place)]) };
      case 3:
        return { key: at % 2 === 0 ? null : Buffer.of(byte), value: at % 3 === 0 ? null : value };
      default:
        return { key: keyBytes, value };
    }
  })
  .filter((record) => !hasBrokenText(record));

/**
 * Text that is not UTF-8 is outside of what must agree: the interpreter reads it with replacement characters, the kernel copies bytes that it
 * need not look into.
 */
function hasBrokenText({ value }: RawRecord): boolean {
  const schema = value === null || value.length < 5 ? undefined : WRITER_SCHEMAS.get(Buffer.from(value).readInt32BE(1));
  if (schema === undefined) return false;
  try {
    return JSON.stringify(new AvroCodec(schema).decode(value!.subarray(5)), plainJson).includes('\uFFFD');
  } catch (error) {
    if (error instanceof Rejected) return false;
    throw error;
  }
}

function plainJson(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...(value as ReadonlyMap<string, unknown>)] : typeof value === 'bigint' ? String(value) : value;
}

function valueOf(e: Event, writer: number): Uint8Array {
  switch (writer) {
    case 8:
      return framed(8, { user: e.user, team: e.team, points: e.points, amount: e.amount, at: e.at });
    case 9:
      return framed(9, { ...e, points: Number(BigInt.asIntN(32, BigInt(e.points))), team: e.team ?? '', tags: { t: [e.user, ''], u: [] } });
    case 10:
      return framed(10, { ...e, points: e.bonus === null ? null : e.points });
    case EVENT_SCHEMA_ID:
      return framed(EVENT_SCHEMA_ID, { ...e });
    default: {
      const value = Buffer.from(framed(EVENT_SCHEMA_ID, { ...e }));
      value.writeInt32BE(writer, 1);
      return value;
    }
  }
}

/** JSON of an event, its fields often not what they should be. */
const oddJson: fc.Arbitrary<RawRecord> = fc
  .record({
    fields: fc.record(
      {
        user: fc.constantFrom('"a"', '"a\\"\\u0062"', '"\\ud83d\\ude00"', '1', 'null'),
        team: fc.constantFrom('null', '"x"', '"1.5"', '[]', 'true'),
        points: fc.constantFrom(
          '1',
          '-0',
          '1.0',
          '1e2',
          '1.5',
          '9007199254740993',
          '9223372036854775807',
          '9223372036854775808',
          '"1"',
          '01',
          'NaN',
        ),
        bonus: fc.constantFrom('null', '2', '-9223372036854775808', '{}', '1e400'),
        amount: fc.constantFrom('1', '0.1', '-0', '1e308', '1e309', '"Infinity"', 'null', '123456789012345678901234567890'),
        at: fc.constantFrom('5', '"1970-01-01T00:00:00.005Z"', '"soon"', '7.0', 'null'),
        more: fc.constantFrom('{"points":1}', '[1,{"at":2}]', '"}"'),
      },
      { requiredKeys: [] },
    ),
    cut: fc.option(fc.nat(200), { freq: 8 }),
    spaced: fc.boolean(),
  })
  .map(({ fields, cut, spaced }) => {
    const text = `{${Object.entries({ user: '"a"', points: '3', amount: '1.5', at: '5', ...fields })
      .map(([name, value]) => `${spaced ? ' ' : ''}"${name}"${spaced ? '\n: ' : ':'}${value}`)
      .join(',')}}`;
    return { key, value: Buffer.from(cut === null ? text : text.slice(0, cut % (text.length + 1))) };
  });

describe.each(implementations)(`%s agrees with the interpreter on any bytes (seed ${SEED})`, (name, kernelOf) => {
  it.each([
    ['all columns are used', true],
    ['most columns are skipped', false],
  ])('%s', (_what, all) => {
    const wide = foldOf({ n: count, sum: sumAmount, points: sumPoints }, { group: ['user', 'team', 'bonus'], window: { sizeMs: 10 } });
    const narrow = foldOf({ n: count }, { group: ['user'] });
    fc.assert(
      fc.property(fc.array(damaged, { minLength: 1, maxLength: 20 }), fc.boolean(), fc.integer(), (records, withDefault, seed) => {
        const plan = pipelineOf([all ? wide : narrow], { key: 'user', ...(withDefault ? { schema: EVENT_SCHEMA_WITH_DEFAULT } : {}) });
        runPipeline({
          plan: planStages(plan),
          kernelOf: (stage) => lockstep(stage, interpretStage(stage), kernelOf(stage), ['interpreter', name]),
          input: [records],
          downstreamPartitions: 1,
          choose: chooser(seed),
          steps: 10,
          preAggregation: true,
          restarts: false,
        });
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('JSON', () => {
    const fold = foldOf({ n: count, sum: sumAmount, points: sumPoints }, { group: ['user', 'team', 'bonus'] });
    fc.assert(
      fc.property(fc.array(oddJson, { minLength: 1, maxLength: 20 }), fc.boolean(), fc.integer(), (records, withDefault, seed) => {
        const plan = pipelineOf([fold], { format: 'json', ...(withDefault ? { schema: EVENT_SCHEMA_WITH_DEFAULT } : {}) });
        runPipeline({
          plan: planStages(plan),
          kernelOf: (stage) => lockstep(stage, interpretStage(stage), kernelOf(stage), ['interpreter', name]),
          input: [records],
          downstreamPartitions: 1,
          choose: chooser(seed),
          steps: 10,
          preAggregation: true,
          restarts: false,
        });
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
