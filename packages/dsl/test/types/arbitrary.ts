import fc from 'fast-check';
import type { Type } from '@rta/dsl';

const simple: fc.Arbitrary<Type> = fc.oneof(
  fc.constantFrom<Type>(
    ...(['boolean', 'int', 'long', 'float', 'double', 'string', 'bytes', 'date'] as const).map((kind) => ({ kind })),
    { kind: 'timestamp', unit: 'millis' },
    { kind: 'timestamp', unit: 'micros' },
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38))
    .map(([precision, scale]): Type => ({ kind: 'decimal', precision, scale: Math.min(scale, precision) })),
);

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/);
const fullName = fc.tuple(fc.constantFrom('', 'com.acme.', 'org.', 'org.deep.'), word).map((parts) => parts.join(''));

/** Types that Avro can say: no durations, no nullable of nullable, distinct field names and symbols. Names may repeat. */
export const anyType: fc.Arbitrary<Type> = fc.letrec<{ type: Type; definite: Type }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small' },
    tie('definite'),
    tie('definite').map((of): Type => ({ kind: 'nullable', of })),
  ),
  definite: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    simple,
    fc
      .tuple(fullName, fc.uniqueArray(word, { minLength: 1, maxLength: 4 }))
      .map(([name, symbols]): Type => ({ kind: 'enum', name, symbols })),
    tie('type').map((items): Type => ({ kind: 'array', items })),
    tie('type').map((values): Type => ({ kind: 'map', values })),
    fc
      .tuple(fullName, fc.uniqueArray(fc.tuple(word, tie('type'), fc.boolean()), { maxLength: 4, selector: ([name]) => name }))
      .map(([name, fields]): Type => ({
        kind: 'record',
        name,
        fields: fields.map(([field, type, doc]) => ({ name: field, type, ...(doc ? { doc: `about ${field}` } : {}) })),
      })),
  ),
})).type;
