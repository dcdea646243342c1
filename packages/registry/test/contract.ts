/** What every SchemaRegistry keeps to, run on each implementation. */
import type { AvroSchema } from '@rta/dsl';
import { beforeEach, describe, expect, test } from 'vitest';
import { codecFor } from '../src/avro-codec.js';
import { canonical } from '../src/avro/canonical.js';
import type { SchemaRegistry } from '../src/registry.js';

const field = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });

/** @param make a registry; it may hold other subjects */
export function registryContract(name: string, make: () => Promise<SchemaRegistry>, options: { skip?: boolean } = {}): void {
  describe.skipIf(options.skip === true)(`SchemaRegistry: ${name}`, () => {
    let registry: SchemaRegistry;
    let subject: string;
    /** Names of its own for each test, since ids are given by content. */
    let record: (fields: object[], more?: object) => AvroSchema;

    beforeEach(async () => {
      registry = await make();
      const unique = `R${Math.random().toString(36).slice(2)}`;
      subject = `topic-${unique}-value`;
      record = (fields, more = {}) => ({ type: 'record', name: unique, namespace: 'rta.test', fields, ...more });
      await registry.setCompatibility(subject, 'BACKWARD');
    });

    test('a subject that is not there', async () => {
      const other = `${subject}-other`;
      expect(await registry.latest(other)).toBeNull();
      expect(await registry.version(other, 1)).toBeNull();
      expect(await registry.versions(other)).toEqual([]);
      expect(await registry.lookup(other, record([]))).toBeNull();
      expect(await registry.check(other, record([]))).toEqual({ compatible: true, messages: [] });
      expect(await registry.subjects()).not.toContain(other);
      expect(await registry.compatibility(other)).toMatch(/^(NONE|(BACKWARD|FORWARD|FULL)(_TRANSITIVE)?)$/);
    });

    test('an id that is not there is null', async () => {
      expect(await registry.byId(2_000_000_000)).toBeNull();
    });

    test('registers, and gives back by id, version and subject', async () => {
      const schema = record([field('x', 'int', { doc: 'a number' }), field('y', ['null', 'string'], { default: null })]);
      const id = await registry.register(subject, schema);
      expect(id).toBeGreaterThan(0);
      expect(canonical((await registry.byId(id))!.schema)).toBe(canonical(schema));
      const latest = (await registry.latest(subject))!;
      expect(latest).toMatchObject({ subject, version: 1, id });
      expect(canonical(latest.schema)).toBe(canonical(schema));
      expect(await registry.version(subject, 1)).toMatchObject({ version: 1, id });
      expect(await registry.version(subject, 2)).toBeNull();
      expect(await registry.version(subject, 0)).toBeNull();
      expect(await registry.versions(subject)).toEqual([1]);
      expect(await registry.lookup(subject, schema)).toBe(id);
      expect(await registry.subjects()).toContain(subject);
    });

    test('registering again changes nothing, also when written in another way', async () => {
      const schema = record([field('x', 'int')]);
      const id = await registry.register(subject, schema);
      expect(await registry.register(subject, schema)).toBe(id);
      const { name, namespace, fields, type } = schema as Record<string, unknown>;
      const rewritten = {
        fields: (fields as object[]).map(({ name: n, type: t }: any) => ({ type: { type: t }, name: n })),
        namespace,
        name,
        type,
      };
      expect(await registry.register(subject, rewritten)).toBe(id);
      expect(await registry.lookup(subject, rewritten)).toBe(id);
      expect(await registry.check(subject, rewritten)).toEqual({ compatible: true, messages: [] });
      expect(await registry.versions(subject)).toEqual([1]);
    });

    test('the same schema has one id in all subjects', async () => {
      const schema = record([field('x', 'int')]);
      const id = await registry.register(subject, schema);
      const other = `${subject}-2`;
      expect(await registry.lookup(other, schema)).toBeNull();
      expect(await registry.register(other, schema)).toBe(id);
      expect(await registry.latest(other)).toMatchObject({ subject: other, version: 1, id });
    });

    test('versions follow each other; an older one keeps its id', async () => {
      const v1 = record([field('x', 'int')]);
      const v2 = record([field('x', 'int'), field('y', 'long', { default: 7 })]);
      const first = await registry.register(subject, v1);
      const second = await registry.register(subject, v2);
      expect(second).not.toBe(first);
      expect(await registry.versions(subject)).toEqual([1, 2]);
      expect(await registry.latest(subject)).toMatchObject({ version: 2, id: second });
      expect(await registry.version(subject, 1)).toMatchObject({ version: 1, id: first });
      expect(await registry.lookup(subject, v1)).toBe(first);
      expect(await registry.register(subject, v1)).toBe(first);
      expect(await registry.versions(subject)).toEqual([1, 2]);
    });

    test('another default makes another schema', async () => {
      await registry.setCompatibility(subject, 'NONE');
      const ids = new Set<number>();
      for (const more of [{}, { default: 1 }, { default: 2 }]) ids.add(await registry.register(subject, record([field('x', 'int', more)])));
      expect(ids.size).toBe(3);
      expect(await registry.versions(subject)).toEqual([1, 2, 3]);
    });

    test('refuses what the level forbids, says why, and changes nothing', async () => {
      const v1 = record([field('x', 'int')]);
      const v2 = record([field('x', 'int'), field('y', 'long')]);
      await registry.register(subject, v1);
      const check = await registry.check(subject, v2);
      expect(check.compatible).toBe(false);
      expect(check.messages.join()).toContain('`y`');
      const error = await registry.register(subject, v2).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ name: 'IncompatibleSchema', code: 'incompatible', subject, retriable: false });
      expect((error as Error).message).toContain('field `y` is not in the data and has no default');
      expect(await registry.versions(subject)).toEqual([1]);
      expect(await registry.lookup(subject, v2)).toBeNull();
    });

    test('the level is the subject’s own', async () => {
      const v1 = record([field('x', 'int')]);
      const other = record([field('x', 'string')]);
      await registry.register(subject, v1);
      expect(await registry.compatibility(subject)).toBe('BACKWARD');
      await registry.setCompatibility(subject, 'NONE');
      expect(await registry.compatibility(subject)).toBe('NONE');
      expect((await registry.check(subject, other)).compatible).toBe(true);
      await registry.register(subject, other);
      expect(await registry.versions(subject)).toEqual([1, 2]);
    });

    test.each([
      ['FORWARD', false, true],
      ['FORWARD_TRANSITIVE', false, true],
      ['FULL', false, false],
      ['FULL_TRANSITIVE', false, false],
      ['BACKWARD_TRANSITIVE', true, false],
    ] as const)('level %s: widening an int %s, a required field more %s', async (level, widens, requires) => {
      await registry.register(subject, record([field('x', 'int')]));
      await registry.setCompatibility(subject, level);
      expect((await registry.check(subject, record([field('x', 'long')]))).compatible).toBe(widens);
      expect((await registry.check(subject, record([field('x', 'int'), field('y', 'int')]))).compatible).toBe(requires);
    });

    test('a schema that is none', async () => {
      const wrong = record([field('x', 'int'), field('x', 'int')]);
      for (const call of [registry.register(subject, wrong), registry.check(subject, wrong), registry.lookup(subject, wrong)])
        await expect(call).rejects.toMatchObject({ name: 'RegistryError', code: 'invalid_schema' });
      expect(await registry.versions(subject)).toEqual([]);
    });

    test('primitive schemas, as keys have them', async () => {
      const key = `${subject}-key`;
      const id = await registry.register(key, 'string');
      expect(await registry.lookup(key, { type: 'string' })).toBe(id);
      expect(canonical((await registry.byId(id))!.schema)).toBe('"string"');
    });

    test('logical types, enums and nested types come back as they were', async () => {
      const schema = record([
        field('price', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }),
        field('at', { type: 'long', logicalType: 'timestamp-millis' }),
        field('state', { type: 'enum', name: 'State', symbols: ['A', 'B'], default: 'A' }),
        field('items', { type: 'array', items: { type: 'record', name: 'Item', fields: [field('n', 'int')] } }),
        field('more', ['null', 'State', { type: 'map', values: 'Item' }], { default: null }),
      ]);
      const id = await registry.register(subject, schema);
      const back = (await registry.byId(id))!.schema;
      const value = { price: -1234n, at: 1_790_000_000_000, state: 'B', items: [{ n: 1 }], more: new Map([['k', { n: 2 }]]) };
      expect(codecFor(schema).decode(codecFor(back).encode(value))).toEqual(value);
    });

    test('a version can be taken back, and its schema registered again', async () => {
      const first = await registry.register(subject, record([]));
      const id = await registry.register(subject, record([field('b', 'int', { default: 0 })]));
      await registry.deleteVersion(subject, 2);
      await registry.deleteVersion(subject, 2);
      expect(await registry.versions(subject)).toEqual([1]);
      expect(await registry.latest(subject)).toMatchObject({ id: first });
      expect(await registry.byId(id)).not.toBeNull();
      await registry.deleteVersion(subject, 1);
      expect(await registry.versions(subject)).toEqual([]);
      expect(await registry.subjects()).not.toContain(subject);
      await registry.register(subject, record([]));
      expect(await registry.versions(subject)).toHaveLength(1);
    });

    test('many at once: each schema one id', async () => {
      await registry.setCompatibility(subject, 'NONE');
      const schemas = Array.from({ length: 6 }, (_, i) => record([field(`f${i % 3}`, 'int')]));
      const ids = await Promise.all(schemas.map((schema) => registry.register(subject, schema)));
      expect(new Set(ids).size).toBe(3);
      expect(ids.slice(0, 3)).toEqual(ids.slice(3));
      expect((await registry.versions(subject)).length).toBe(3);
    });

    test('subjects with characters that a URL would take amiss', async () => {
      const odd = `${subject} /?#%ä-value`;
      const id = await registry.register(odd, record([]));
      expect(await registry.versions(odd)).toEqual([1]);
      expect(await registry.latest(odd)).toMatchObject({ id, subject: odd });
      expect(await registry.subjects()).toContain(odd);
    });
  });
}
