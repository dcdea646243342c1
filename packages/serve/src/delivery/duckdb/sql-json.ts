/** Values of DuckDB as JSON for other programs, as `valueJson` has those of the language. */
import { Buffer } from 'node:buffer';
import {
  DuckDBBlobValue,
  DuckDBMapValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api';
import { showTimestamp } from '@rta/dsl';

/** The years that ISO 8601 has four digits for, µs. */
const [FIRST, LAST] = [-62_167_219_200_000_000n, 253_402_300_799_999_999n];

export const sqlJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    const { micros } = value;
    return micros < FIRST || micros > LAST ? value.toString() : showTimestamp(Number(micros) / 1000);
  }
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBMapValue && type.typeId === DuckDBTypeId.MAP && type.keyType.typeId === DuckDBTypeId.VARCHAR) {
    const { valueType } = type;
    return Object.fromEntries(value.entries.map(({ key, value: item }) => [String(key), converter(item, valueType, converter)]));
  }
  return JsonDuckDBValueConverter(value, type, converter);
};
