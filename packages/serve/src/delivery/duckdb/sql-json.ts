/** Values of DuckDB as JSON for other programs, as `valueJson` has those of the language. */
import { Buffer } from 'node:buffer';
import {
  type DuckDBBlobValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api';
import { showTimestamp } from '@rta/dsl';

/** The years that ISO 8601 has four digits for, µs. */
const [FIRST, LAST] = [-62_167_219_200_000_000n, 253_402_300_799_999_999n];

export const sqlJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (value === null) return null;
  switch (type.typeId) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT: {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ: {
      const { micros } = value as DuckDBTimestampValue;
      return micros < FIRST || micros > LAST ? String(value) : showTimestamp(Number(micros) / 1000);
    }
    case DuckDBTypeId.BLOB:
      return Buffer.from((value as DuckDBBlobValue).bytes).toString('base64');
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      if (keyType.typeId !== DuckDBTypeId.VARCHAR) return JsonDuckDBValueConverter(value, type, converter);
      const { entries } = value as DuckDBMapValue;
      return Object.fromEntries(entries.map(({ key, value: item }) => [String(key), converter(item, valueType, converter)]));
    }
    default:
      return JsonDuckDBValueConverter(value, type, converter);
  }
};
