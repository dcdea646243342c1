import type { AvroSchema, Value } from '@rta/dsl';
import fc from 'fast-check';

/** Random schemas: names are made unique within each, and a schema is JSON only. */
export function arbitrarySchema(options: { record?: boolean } = {}): fc.Arbitrary<AvroSchema> {
  return fc.nat(2 ** 31 - 1).map((seed) => {
    const maker = new Maker(seed);
    return options.record === true ? maker.record(3) : maker.schema(3);
  });
}

/** A schema and values of it. */
export function arbitrarySchemaAndValue(): fc.Arbitrary<{ schema: AvroSchema; value: Value }> {
  return fc
    .tuple(arbitrarySchema(), fc.nat(2 ** 31 - 1))
    .map(([schema, seed]) => ({ schema, value: new Maker(seed).value(schema, new Map()) }));
}

type Json = Record<string, any>;

class Maker {
  #state: number;
  #names = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  #pick(n: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }

  #of<T>(items: readonly T[]): T {
    return items[this.#pick(items.length)];
  }

  schema(depth: number): any {
    if (depth === 0 || this.#pick(3) > 0) return this.#leaf();
    switch (this.#pick(4)) {
      case 0:
        return { type: 'array', items: this.schema(depth - 1) };
      case 1:
        return { type: 'map', values: this.schema(depth - 1) };
      case 2: {
        const inner = this.schema(depth - 1);
        return inner === 'null' || Array.isArray(inner) ? inner : ['null', inner];
      }
      default:
        return this.record(depth - 1);
    }
  }

  record(depth: number): any {
    const name = this.#name();
    const fields = Array.from({ length: this.#pick(5) }, (_, i) => ({ name: `f${i}`, type: this.schema(depth) }));
    if (this.#pick(5) === 0) fields.push({ name: 'self', type: ['null', name] });
    return { type: 'record', name, ...(this.#pick(3) === 0 ? { namespace: 'a.b' } : {}), fields };
  }

  #leaf(): any {
    switch (this.#pick(14)) {
      case 0:
        return { type: 'enum', name: this.#name(), symbols: ['A', 'B', 'C'].slice(0, 1 + this.#pick(3)) };
      case 1:
        return { type: 'fixed', name: this.#name(), size: this.#pick(6) };
      case 2:
        return { type: 'bytes', logicalType: 'decimal', precision: 12, scale: this.#pick(12) };
      case 3:
        return { type: 'fixed', name: this.#name(), size: 8, logicalType: 'decimal', precision: 12, scale: 2 };
      case 4:
        return { type: 'long', logicalType: this.#of(['timestamp-millis', 'timestamp-micros', 'local-timestamp-millis', 'time-micros']) };
      case 5:
        return { type: 'int', logicalType: 'date' };
      default:
        return this.#of(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
    }
  }

  #name(): string {
    return `N${this.#names++}`;
  }

  value(schema: any, named: Map<string, Json>): Value {
    if (Array.isArray(schema)) return this.value(this.#of(schema), named);
    const json: Json = typeof schema === 'string' ? (named.get(schema) ?? { type: schema }) : schema;
    if (json.logicalType === 'decimal') return BigInt(this.#of([0, 1, -1, 127, 128, -128, -129, 999_999_999_999, -999_999_999_999]));
    if (String(json.logicalType).includes('timestamp'))
      return json.logicalType.endsWith('micros') ? this.#of([0, 1.5, -0.001, 1_790_000_000_000.125]) : this.#of([0, 1_790_000_000_000, -5]);
    switch (json.type) {
      case 'null':
        return null;
      case 'boolean':
        return this.#pick(2) === 0;
      case 'int':
        return this.#of([0, 1, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31), this.#pick(2 ** 31)]);
      case 'long':
        return this.#of([
          0,
          -1,
          2 ** 31,
          2 ** 51,
          -(2 ** 51) - 1,
          2 ** 53 - 1,
          -(2 ** 53) + 1,
          2n ** 53n,
          2n ** 63n - 1n,
          -(2n ** 63n),
          this.#pick(1e9),
        ]);
      case 'float':
        return Math.fround(this.#of([0, 1.5, -3e38, 0.1, Infinity]));
      case 'double':
        return this.#of([0, -0, 0.1, 1e308, -Infinity, this.#pick(1e9) / 7]);
      case 'bytes':
        return Uint8Array.from({ length: this.#pick(300) }, () => this.#pick(256));
      case 'string':
        return this.#of(['', 'a', 'žluťoučký', '🎉', 'x'.repeat(200)]);
      case 'enum':
        return this.#of(json.symbols);
      case 'fixed':
        return Uint8Array.from({ length: json.size }, () => this.#pick(256));
      case 'array':
        return Array.from({ length: this.#pick(4) }, () => this.value(json.items, named));
      case 'map':
        return new Map(
          Array.from({ length: this.#pick(3) }, (_, i) => [`${this.#of(['k', '__proto__', 'ü'])}${i}`, this.value(json.values, named)]),
        );
      default: {
        named.set(json.name, json);
        if (json.namespace !== undefined) named.set(`${json.namespace}.${json.name}`, json);
        const fields = json.fields as { name: string; type: unknown }[];
        return Object.fromEntries(
          fields.map(({ name, type }) => [name, name === 'self' && this.#pick(3) > 0 ? null : this.value(type, named)]),
        );
      }
    }
  }
}
