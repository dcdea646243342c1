/**
 * Confluent's frame around Avro data.
 *
 * ```
 * frame := 0x00  schemaId:int32 BE  avro
 * ```
 */
const MAGIC = 0;
export const FRAME_BYTES = 5;

/** The data with its frame. @param id an unsigned 32-bit number would be read as negative by others, so it must be below 2^31 */
export function frame(id: number, data: Uint8Array): Buffer {
  if (!Number.isInteger(id) || id < 0 || id > 0x7fff_ffff) throw new RangeError(`${id} is not a schema id`);
  const out = Buffer.allocUnsafe(FRAME_BYTES + data.length);
  out[0] = MAGIC;
  out.writeInt32BE(id, 1);
  out.set(data, FRAME_BYTES);
  return out;
}

/** Id and data (a view) of framed bytes; null where they are not framed: too short, another magic byte, or a negative id. */
export function unframe(bytes: Uint8Array): { readonly id: number; readonly data: Uint8Array } | null {
  if (bytes.length < FRAME_BYTES || bytes[0] !== MAGIC) return null;
  const id = (bytes[1] << 24) | (bytes[2] << 16) | (bytes[3] << 8) | bytes[4];
  return id < 0 ? null : { id, data: bytes.subarray(FRAME_BYTES) };
}
