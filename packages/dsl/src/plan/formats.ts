/** How the value of a record is encoded: framed Avro, JSON, one CSV row without a header, or one text. */
export type ValueFormat = 'avro' | 'json' | 'csv' | 'string';

/**
 * How the key of a record is encoded: plain text, JSON, framed Avro, Kafka's binary int and long serializers (big endian, four and eight
 * bytes), or nothing known of it (in a sink: no key).
 */
export type KeyFormat = 'string' | 'json' | 'avro' | 'int' | 'long' | 'none';

export const VALUE_FORMATS: readonly ValueFormat[] = ['avro', 'json', 'csv', 'string'];
export const KEY_FORMATS: readonly KeyFormat[] = ['string', 'json', 'avro', 'int', 'long', 'none'];

/** How a sink writes keys of so many columns where nothing is said; null: it writes none. */
export function defaultKeyFormat(value: ValueFormat, columns: number | null): KeyFormat {
  if (columns === null) return 'none';
  if (value === 'avro') return 'avro';
  return columns === 1 ? 'string' : 'json';
}
