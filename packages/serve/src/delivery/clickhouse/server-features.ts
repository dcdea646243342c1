/** What a ClickHouse server knows, by its version. */
export interface ServerFeatures {
  /** As it says: `25.8.1.5101`. */
  readonly version: string;
  /** `TTL` of tables, and `LowCardinality`. */
  readonly ttl: boolean;
  /** Times with fractions of a second. */
  readonly dateTime64: boolean;
  /** `Bool`, `Date32`, `Map`, decimals of 76 digits, and batches that are taken once by a token. */
  readonly modern: boolean;
  /** `ReplacingMergeTree(version, is_deleted)`: `FINAL` leaves deleted rows out. */
  readonly deletedColumn: boolean;
}

export function featuresOf(version: string): ServerFeatures {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const since = (fromMajor: number, fromMinor: number): boolean => major > fromMajor || (major === fromMajor && minor >= fromMinor);
  return { version, ttl: since(19, 6), dateTime64: since(20, 3), modern: since(22, 3), deletedColumn: since(23, 5) };
}
