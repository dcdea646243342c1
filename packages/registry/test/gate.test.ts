import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema, Plan } from '@rta/dsl';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { confluentRegistry } from '../src/confluent.js';
import { embeddedRegistry } from '../src/embedded.js';
import { apply, gateRequestsOf, judge } from '../src/gate.js';
import { IncompatibleSchema, type SchemaRegistry } from '../src/registry.js';

const root = mkdtempSync(join(tmpdir(), 'rta-gate-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const record = (name: string, fields: Record<string, unknown>): AvroSchema => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
});
const decimal = (precision: number, scale: number): object => ({ type: 'bytes', logicalType: 'decimal', precision, scale });

let registry: SchemaRegistry;
beforeEach(() => {
  registry = embeddedRegistry(mkdtempSync(join(root, 'g-')));
});

const decisionsOf = async (sinks: [string, AvroSchema][], sources: [string, AvroSchema][] = []): Promise<string[]> => {
  const report = await judge(registry, {
    sinks: sinks.map(([subject, schema]) => ({ subject, schema })),
    sources: sources.map(([subject, reader]) => ({ subject, reader })),
  });
  expect(report.ok).toBe(report.decisions.every(({ decision }) => decision !== 'incompatible'));
  return report.decisions.map(({ decision }) => decision);
};

describe('sinks', () => {
  test('create, unchanged, update, incompatible; judging changes nothing', async () => {
    const v1 = record('A', { x: 'int' });
    expect(await decisionsOf([['a-value', v1]])).toEqual(['create']);
    expect(await registry.subjects()).toEqual([]);
    await registry.register('a-value', v1);
    expect(await decisionsOf([['a-value', v1]])).toEqual(['unchanged']);
    expect(await decisionsOf([['a-value', record('A', { x: 'long' })]])).toEqual(['update']);
    expect(await decisionsOf([['a-value', record('A', { x: 'string' })]])).toEqual(['incompatible']);
    expect(await registry.versions('a-value')).toEqual([1]);
  });

  test('going back to an older version changes nothing', async () => {
    const [v1, v2] = [record('A', { x: 'int' }), record('A', { x: 'long' })];
    const id = await registry.register('a-value', v1);
    await registry.register('a-value', v2);
    const { decisions } = await judge(registry, { sinks: [{ subject: 'a-value', schema: v1 }], sources: [] });
    expect(decisions).toMatchObject([{ decision: 'unchanged', id }]);
  });

  test('the reasons say field, version and fix', async () => {
    await registry.register('a-value', record('A', { x: 'int' }));
    const { decisions } = await judge(registry, {
      sinks: [{ subject: 'a-value', schema: record('A', { x: 'int', y: 'long' }) }],
      sources: [],
    });
    expect(decisions[0].reasons).toEqual([
      'data of version 1 cannot be read: field `y` is not in the data and has no default in the reader; give it a default, or an alias if it was renamed',
    ]);
  });

  test('the subject’s level decides', async () => {
    await registry.register('a-value', record('A', { x: 'int' }));
    await registry.setCompatibility('a-value', 'NONE');
    expect(await decisionsOf([['a-value', record('A', { x: 'string' })]])).toEqual(['update']);
    await registry.setCompatibility('a-value', 'FULL');
    expect(await decisionsOf([['a-value', record('A', { x: 'long' })]])).toEqual(['incompatible']);
  });

  test('two sinks of one topic: once if equal, refused if not', async () => {
    expect(await decisionsOf([['a-value', record('A', { x: 'int' })], ['a-value', record('A', { x: { type: 'int' } })]])).toEqual(['create']); // prettier-ignore
    expect(await decisionsOf([['a-value', record('A', { x: 'int' })], ['a-value', record('A', { x: 'long' })]])).toEqual(['create', 'incompatible']); // prettier-ignore
  });
});

describe('sources', () => {
  test('readable, incompatible, unknown', async () => {
    const reader = record('A', { x: 'long' });
    expect(await decisionsOf([], [['a-value', reader]])).toEqual(['unknown']);
    await registry.register('a-value', record('A', { x: 'int', more: 'string' }));
    expect(await decisionsOf([], [['a-value', reader]])).toEqual(['readable']);
    expect(await decisionsOf([], [['a-value', record('A', { y: 'int' })]])).toEqual(['incompatible']);
  });

  test('decimals of another scale are refused, which Avro’s own rules let pass', async () => {
    await registry.register('a-value', record('A', { price: decimal(10, 2) }));
    const report = await judge(registry, { sinks: [], sources: [{ subject: 'a-value', reader: record('A', { price: decimal(10, 4) }) }] });
    expect(report.ok).toBe(false);
    expect(report.decisions[0].reasons[0]).toContain('version 1 (id 1): field `price` is decimal(10, 2) in the data and decimal(10, 4)');
  });

  test('an older version that cannot be read is a warning: its records may be gone', async () => {
    await registry.setCompatibility('a-value', 'NONE');
    await registry.register('a-value', record('A', { x: 'string' }));
    await registry.register('a-value', record('A', { x: 'int' }));
    const { ok, decisions } = await judge(registry, { sinks: [], sources: [{ subject: 'a-value', reader: record('A', { x: 'long' }) }] });
    expect(ok).toBe(true);
    expect(decisions[0]).toMatchObject({ decision: 'readable', id: 2, reasons: [] });
    expect(decisions[0].warnings[0]).toContain('version 1 (id 1): field `x` is string in the data');
  });

  test('what the pipeline writes itself it must be able to read', async () => {
    const sink: [string, AvroSchema] = ['a-value', record('A', { x: 'int' })];
    expect(await decisionsOf([sink], [['a-value', record('A', { x: 'long' })]])).toEqual(['create', 'readable']);
    expect(await decisionsOf([sink], [['a-value', record('A', { x: 'string' })]])).toEqual(['create', 'incompatible']);
  });
});

describe('apply', () => {
  test('registers, and gives the ids; again changes nothing', async () => {
    const requests = { sinks: [{ subject: 'a-key', schema: 'string' }, { subject: 'a-value', schema: record('A', { x: 'int' }) }], sources: [] }; // prettier-ignore
    const ids = await apply(registry, requests);
    expect([...ids]).toEqual([['a-key', 1], ['a-value', 2]]); // prettier-ignore
    expect([...(await apply(registry, requests))]).toEqual([...ids]);
    expect(await registry.versions('a-value')).toEqual([1]);
  });

  test('registers nothing when one of them cannot go', async () => {
    await registry.register('b-value', record('B', { x: 'int' }));
    const sinks = [{ subject: 'a-value', schema: record('A', { x: 'int' }) }, { subject: 'b-value', schema: record('B', { x: 'string' }) }]; // prettier-ignore
    await expect(apply(registry, { sinks, sources: [] })).rejects.toThrow(IncompatibleSchema);
    expect(await registry.subjects()).toEqual(['b-value']);
    const source = { subject: 'b-value', reader: record('B', { y: 'int' }) };
    await expect(apply(registry, { sinks: sinks.slice(0, 1), sources: [source] })).rejects.toMatchObject({ subject: 'b-value' });
    expect(await registry.subjects()).toEqual(['b-value']);
  });

  test('with the registry away it fails closed', async () => {
    const away = confluentRegistry({ url: 'http://127.0.0.1:9', retries: 0 });
    const requests = { sinks: [{ subject: 'a-value', schema: record('A', {}) }], sources: [] };
    await expect(judge(away, requests)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(apply(away, requests)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('the requests of a plan: keys and values of Avro sinks, values of Avro sources', () => {
  const plan = {
    sinks: [
      { topic: 'out', keySchema: 'string', valueSchema: record('O', {}) },
      { topic: 'json', keySchema: null, valueSchema: null },
      { topic: 'unkeyed', keySchema: null, valueSchema: 'int' },
    ],
    sources: [
      { topic: 'in', format: 'avro', schema: record('I', {}) },
      { topic: 'text', format: 'json', schema: record('J', {}) },
    ],
  } as unknown as Plan;
  const { sinks, sources } = gateRequestsOf(plan);
  expect(sinks.map(({ subject }) => subject)).toEqual(['out-key', 'out-value', 'unkeyed-value']);
  expect(sources).toEqual([{ subject: 'in-value', reader: record('I', {}) }]);
});
