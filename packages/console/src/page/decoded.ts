/** A key or a value, as the server could read it. */
export interface DecodedValue {
  readonly format: 'avro' | 'json' | 'string' | 'bytes';
  /** Bytes: in hex. */
  readonly value?: unknown;
  readonly schemaId?: number;
  /** Why it could not be read. */
  readonly problem?: string;
}

/** In one line. */
export function valueText(decoded: DecodedValue | null): string {
  if (decoded === null) return 'null';
  if (decoded.format === 'bytes') return `0x${String(decoded.value)}${decoded.problem === undefined ? '' : ` (${decoded.problem})`}`;
  return decoded.format === 'string' ? String(decoded.value) : JSON.stringify(decoded.value);
}
