/** Where our verdicts are not those of Avro's Java library, each with an example; `docs/schemas.md` explains them in this order. */
import type { CompatibilityRule } from '@rta/registry';
import type { AvroSchema } from './schema-histories.js';

interface PairDifference {
  readonly name: string;
  readonly reader: AvroSchema;
  readonly writer: AvroSchema;
  /** What Avro says: its checker lets it pass, or fails over it. */
  readonly avro: 'compatible' | 'refuses';
  readonly rule: CompatibilityRule;
}

interface SchemaDifference {
  readonly name: string;
  readonly schema: AvroSchema;
  /** Which of the two takes it for a schema. */
  readonly valid: 'here' | 'in Avro';
}

const record = (fields: readonly object[], more: object = {}): AvroSchema => ({ type: 'record', name: 'R', fields, ...more });
const one = (type: unknown, more: object = {}): AvroSchema => record([{ name: 'x', type, ...more }]);
const decimal = (precision: number, scale: number): object => ({ type: 'bytes', logicalType: 'decimal', precision, scale });
const time = (logicalType: string): object => ({ type: 'long', logicalType });
const enumOf = (symbols: readonly string[], more: object = {}): object => ({ type: 'enum', name: 'E', symbols, ...more });

export const PAIR_DIFFERENCES: readonly PairDifference[] = [
  { name: 'a decimal of another scale', reader: one(decimal(10, 4)), writer: one(decimal(10, 2)), avro: 'compatible', rule: 'decimal' },
  { name: 'a decimal of less precision', reader: one(decimal(8, 2)), writer: one(decimal(10, 2)), avro: 'compatible', rule: 'decimal' },
  { name: 'a decimal as bytes', reader: one('bytes'), writer: one(decimal(10, 2)), avro: 'compatible', rule: 'decimal' },
  { name: 'bytes as a decimal', reader: one(decimal(10, 2)), writer: one('bytes'), avro: 'compatible', rule: 'decimal' },
  { name: 'a decimal as string', reader: one('string'), writer: one(decimal(10, 2)), avro: 'compatible', rule: 'decimal' },
  {
    name: 'milliseconds as microseconds',
    reader: one(time('timestamp-micros')),
    writer: one(time('timestamp-millis')),
    avro: 'compatible',
    rule: 'logical_type',
  },
  {
    name: 'one field of the data for two of the reader',
    reader: record([
      { name: 'x', type: 'int' },
      { name: 'y', type: 'int', aliases: ['x'] },
    ]),
    writer: one('int'),
    avro: 'compatible',
    rule: 'alias',
  },
  {
    name: 'two fields of the data for one of the reader',
    reader: one('int', { aliases: ['y'] }),
    writer: record([
      { name: 'x', type: 'int' },
      { name: 'y', type: 'int' },
    ]),
    avro: 'refuses',
    rule: 'alias',
  },
];

export const SCHEMA_DIFFERENCES: readonly SchemaDifference[] = [
  {
    name: 'a default of a fixed with another size',
    schema: one({ type: 'fixed', name: 'F', size: 3 }, { default: 'a' }),
    valid: 'in Avro',
  },
  { name: 'a default of bytes beyond the code point 255', schema: one('bytes', { default: '\u0100' }), valid: 'in Avro' },
  { name: 'a default of an enum that is none of its symbols', schema: one(enumOf(['A']), { default: 'B' }), valid: 'in Avro' },
  { name: 'a name with other letters than A to Z', schema: record([{ name: 'žluť', type: 'int' }]), valid: 'in Avro' },
  {
    name: 'a type that is defined twice in the same way',
    schema: record([
      { name: 'a', type: enumOf(['A']) },
      { name: 'b', type: enumOf(['A']) },
    ]),
    valid: 'in Avro',
  },
  {
    name: 'a type that is used before it is defined',
    schema: record([
      { name: 'a', type: 'E' },
      { name: 'b', type: enumOf(['A']) },
    ]),
    valid: 'in Avro',
  },
  { name: 'a type within a type', schema: one({ type: { type: 'int' } }), valid: 'here' },
];
