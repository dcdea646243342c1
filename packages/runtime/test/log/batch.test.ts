import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { decodeBatches, parseBatches } from '../../src/log/batch/batch-reader.js';
import type { Compression } from '../../src/log/batch/compression.js';
import { controlType, decodeHeaders, encodeHeaders, records } from '../../src/log/batch/records.js';
import { compressBatch, sealBatch } from '../../src/log/batch/seal.js';
import { Cursor, sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../src/log/batch/varint.js';
import type { LogError } from '../../src/log/log.js';

interface Plain {
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: { key: string; value: Uint8Array | null }[];
}

const bytes = (max: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: max });
const plainRecord: fc.Arbitrary<Plain> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 42 }), fc.integer({ min: 0, max: 2 ** 52 })),
  key: fc.option(bytes(80)),
  value: fc.option(bytes(300)),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 20 }), value: fc.option(bytes(30)) }), { maxLength: 3 }),
});

function build(list: readonly Plain[], maxBatchBytes?: number): ReturnType<BatchBuilder['take']> {
  const builder = new BatchBuilder('t', 0, maxBatchBytes);
  for (const r of list) {
    const headers = r.headers.length === 0 ? null : encodeHeaders(r.headers);
    builder.append(r.timestamp, r.key, 0, r.key?.length ?? 0, r.value, 0, r.value?.length ?? 0, headers);
  }
  expect(builder.count).toBe(list.length);
  const taken = builder.take();
  expect(builder.count).toBe(0);
  expect(builder.byteLength).toBe(0);
  return taken;
}

/** Sealed one after another, as a partition would hold them. */
function concatenated(list: readonly Plain[], first: number, maxBatchBytes?: number): Uint8Array {
  let offset = first;
  const parts = build(list, maxBatchBytes).map((output) => {
    const sealed = sealBatch(output.batch, { baseOffset: offset });
    offset += output.recordCount;
    return sealed;
  });
  return Buffer.concat(parts);
}

function plainOf(batches: Iterable<Parameters<typeof records>[0]>): (Plain & { offset: number })[] {
  const out = [];
  for (const batch of batches) {
    for (const r of records(batch)) {
      const headers = r.headers.map((h) => ({ key: h.key, value: h.value && Uint8Array.from(h.value) }));
      out.push({
        offset: r.offset,
        timestamp: r.timestamp,
        key: r.key && Uint8Array.from(r.key),
        value: r.value && Uint8Array.from(r.value),
        headers,
      });
    }
  }
  return out;
}

function code(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as LogError).code;
  }
  return 'none';
}

describe('varints', () => {
  it('read back what was written, in the size that was announced', () => {
    const b = new Uint8Array(16);
    fc.assert(
      fc.property(fc.integer(), fc.maxSafeInteger(), (small, large) => {
        const p = writeVarint(b, 0, small);
        expect(p).toBe(sizeOfVarint(small));
        expect(new Cursor(b, 0, p).varint()).toBe(small);
        const q = writeVarlong(b, 0, large);
        expect(q).toBe(sizeOfVarlong(large));
        expect(new Cursor(b, 0, q).varlong()).toBe(large);
      }),
    );
    for (const n of [0, -1, 1, 63, 64, -64, -65, 2 ** 30, -(2 ** 30), 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1]) {
      const q = writeVarlong(b, 0, n);
      expect([q, new Cursor(b, 0, q).varlong()]).toEqual([sizeOfVarlong(n), n]);
    }
  });

  it('end in an error where the bytes do, and when they are too long', () => {
    const b = new Uint8Array(12).fill(0x80);
    expect(code(() => new Cursor(b, 0, 3).varint())).toBe('corrupt');
    expect(code(() => new Cursor(b, 0, 12).varint())).toBe('corrupt');
    expect(code(() => new Cursor(b, 0, 3).varlong())).toBe('corrupt');
    expect(code(() => new Cursor(b, 0, 12).varlong())).toBe('corrupt');
  });
});

describe('record batches', () => {
  it('read back as written, in one batch or many', () => {
    fc.assert(
      fc.property(fc.array(plainRecord, { maxLength: 30 }), fc.nat(2 ** 40), fc.constantFrom(undefined, 200, 2000), (list, first, max) => {
        const raw = concatenated(list, first, max);
        const batches = parseBatches(raw, { exact: true });
        expect(plainOf(batches)).toEqual(list.map((r, i) => ({ offset: first + i, ...r })));
        for (const batch of batches) {
          if (max !== undefined && batch.recordCount > 1) expect(batch.rawEnd - batch.rawStart).toBeLessThanOrEqual(max);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('start where asked', () => {
    const list = Array.from({ length: 10 }, (_, i) => ({ timestamp: i, key: null, value: Uint8Array.of(i), headers: [] }));
    const [batch] = parseBatches(concatenated(list, 100));
    expect([...records(batch, 107)].map((r) => r.offset)).toEqual([107, 108, 109]);
    expect([...records(batch, 110)]).toEqual([]);
  });

  it('are what kafkajs encodes and decodes', async () => {
    const fromHere = createRequire(import.meta.url);
    const kafkajs = createRequire(fromHere.resolve('kafkajs'));
    const encode = kafkajs('./src/protocol/recordBatch/v0/index.js').RecordBatch;
    const record = kafkajs('./src/protocol/recordBatch/record/v0/index.js');
    const decode = kafkajs('./src/protocol/recordBatch/v0/decoder.js');
    const Decoder = kafkajs('./src/protocol/decoder.js');
    const list: Plain[] = [
      { timestamp: 1_700_000_000_000, key: Uint8Array.of(1, 2), value: Uint8Array.of(3), headers: [] },
      { timestamp: 1_700_000_000_500, key: null, value: null, headers: [{ key: 'h', value: Uint8Array.of(9) }] },
      { timestamp: 1_699_999_999_000, key: new Uint8Array(0), value: new Uint8Array(100).fill(7), headers: [] },
    ];
    const [ours] = build(list);
    sealBatch(ours.batch, { producerId: 2n ** 40n + 7n, producerEpoch: 3, baseSequence: 77, transactional: true });
    // baseOffset and length are read by kafkajs' own caller
    const theirs = await decode(new Decoder(Buffer.from(ours.batch)));
    expect(theirs.records.map((r: any) => [r.timestamp, r.key && [...r.key], r.value && [...r.value], r.offset])).toEqual(
      list.map((r, i) => [String(r.timestamp), r.key && [...r.key], r.value && [...r.value], String(i)]),
    );
    expect([theirs.producerId, theirs.producerEpoch, theirs.firstSequence, theirs.inTransaction]).toEqual([
      String(2n ** 40n + 7n),
      3,
      77,
      true,
    ]);
    const { buffer } = await encode({
      firstTimestamp: list[0].timestamp,
      maxTimestamp: list[1].timestamp,
      producerId: 2n ** 40n + 7n,
      producerEpoch: 3,
      firstSequence: 77,
      lastOffsetDelta: 2,
      transactional: true,
      records: list.map((r, i) =>
        record({
          offsetDelta: i,
          timestampDelta: r.timestamp - list[0].timestamp,
          key: r.key && Buffer.from(r.key),
          value: r.value && Buffer.from(r.value),
          headers: Object.fromEntries(r.headers.map((h) => [h.key, Buffer.from(h.value!)])),
        }),
      ),
    });
    expect(plainOf(parseBatches(buffer, { exact: true }))).toEqual(list.map((r, i) => ({ offset: i, ...r })));
  });

  it.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('survive compression by %s', async (compression) => {
    const list = Array.from({ length: 2000 }, (_, i) => ({
      timestamp: 1_700_000_000_000 + i,
      key: Buffer.from(`key-${i % 10}`),
      value: Buffer.from(JSON.stringify({ user: `user-${i % 10}`, n: i })),
      headers: [],
    }));
    const [output] = build(list);
    const packed = sealBatch(await compressBatch(output.batch, compression), { baseOffset: 5 });
    if (compression !== 'none') expect(packed.length).toBeLessThan(output.batch.length / 2);
    const [batch] = await decodeBatches(packed, { exact: true });
    expect(batch.compression).toBe(compression);
    expect(batch.bytes.constructor).toBe(Uint8Array);
    const read = [...records(batch)];
    expect(read.map((r) => Buffer.from(r.value!).toString())).toEqual(list.map((r) => r.value.toString()));
    expect(read[1999].offset).toBe(2004);
  });

  it('ignore a partial batch at the end, unless all must be there', () => {
    const list = Array.from({ length: 20 }, (_, i) => ({ timestamp: i, key: null, value: new Uint8Array(50).fill(i), headers: [] }));
    const raw = concatenated(list, 0, 500);
    const whole = parseBatches(raw);
    for (const cut of [1, 30, 61, 100, 499]) {
      const batches = parseBatches(raw.subarray(0, raw.length - cut));
      expect(batches.length).toBeLessThan(whole.length);
      expect(plainOf(batches)).toEqual(
        plainOf(whole).slice(
          0,
          batches.reduce((n, b) => n + b.recordCount, 0),
        ),
      );
      expect(code(() => parseBatches(raw.subarray(0, raw.length - cut), { exact: true }))).toBe('corrupt');
    }
  });

  it('of old formats are refused', () => {
    const raw = concatenated([{ timestamp: 0, key: null, value: null, headers: [] }], 0);
    raw[16] = 1;
    expect(code(() => parseBatches(raw))).toBe('unsupported');
  });

  it('that control a transaction say so', () => {
    const builder = new BatchBuilder('t', 0);
    builder.append(0, Uint8Array.of(0, 0, 0, 1), 0, 4, null, 0, 0, null);
    const raw = builder.take()[0].batch;
    raw[22] |= 0x20;
    const [batch] = parseBatches(sealBatch(raw, { transactional: true }));
    expect([batch.isControl, batch.isTransactional, controlType(batch)]).toEqual([true, true, 'commit']);
  });

  it('refuse a timestamp that is no number', () => {
    const builder = new BatchBuilder('t', 0);
    expect(() => builder.append(NaN, null, 0, 0, null, 0, 0, null)).toThrow(RangeError);
  });

  it('are memory of their own once taken', () => {
    const builder = new BatchBuilder('t', 0);
    const value = new Uint8Array(2500);
    const taken = [];
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i <= round; i++) builder.append(0, null, 0, 0, value.fill(round), 0, value.length, null);
      taken.push(...builder.take());
    }
    taken.forEach((output, round) => {
      for (const r of plainOf(parseBatches(sealBatch(output.batch, {})))) expect(new Set(r.value)).toEqual(new Set([round]));
    });
  });
});

describe('damaged batches', () => {
  const list = Array.from({ length: 8 }, (_, i) => ({
    timestamp: 1000 + i,
    key: Uint8Array.of(i),
    value: new Uint8Array(10 + i).fill(i),
    headers: i % 3 === 0 ? [{ key: 'h', value: Uint8Array.of(i) }] : [],
  }));
  const whole = concatenated(list, 40, 150);
  const right = plainOf(parseBatches(whole));

  it('with any one bit flipped give an error or the right records', () => {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const raw = Uint8Array.from(whole);
      raw[bit >> 3] ^= 1 << (bit & 7);
      let got;
      try {
        got = plainOf(parseBatches(raw));
      } catch (error) {
        expect(['corrupt', 'unsupported']).toContain((error as LogError).code);
        continue;
      }
      // The format does not cover offset, length and leader epoch by its CRC: records may be fewer or numbered otherwise, never others.
      const strip = (r: Plain & { offset: number }): Plain => ({ timestamp: r.timestamp, key: r.key, value: r.value, headers: r.headers });
      expect(got.map(strip)).toEqual(right.slice(0, got.length).map(strip));
    }
  });

  it('with a right CRC over wrong bytes never crash or hang', async () => {
    const compressed = await Promise.all(
      (['gzip', 'snappy', 'lz4', 'zstd'] as const).map(async (c) =>
        Uint8Array.from(await compressBatch(build(Array.from({ length: 100 }, (_, i) => ({ ...list[i % 8] })))[0].batch, c)),
      ),
    );
    const sources = [build(list)[0].batch, ...compressed];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (source, edits) => {
          const raw = Uint8Array.from(source);
          for (const [at, value] of edits) raw[21 + (at % (raw.length - 21))] = value;
          const attributes = raw[22];
          sealBatch(raw, {});
          raw[22] = attributes & ~0x10;
          try {
            plainOf(await decodeBatches(sealBatch(raw, {})));
          } catch (error) {
            expect(['corrupt', 'unsupported']).toContain((error as LogError).code);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of random bytes are refused or empty', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (raw) => {
        expect(['none', 'corrupt', 'unsupported']).toContain(code(() => plainOf(parseBatches(raw))));
        expect(['none', 'corrupt']).toContain(code(() => decodeHeaders(raw)));
      }),
    );
  });
});
