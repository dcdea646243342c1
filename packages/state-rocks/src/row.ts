/**
 * How a store's rows lie in LevelDB. Every value begins with a checksum over its key and itself.
 *
 * ```
 * row     := 0x01 key               ->  crc:uint32 BE value        what the store holds
 * meta    := 0x00                   ->  crc:uint32 BE json         {format, fingerprint, position, batch, syncedAt}
 * journal := 0x00 batch:uint48 BE   ->  crc:uint32 BE              one per batch, of the newest JOURNAL_LENGTH batches
 * crc     := CRC-32C of the whole LevelDB key, then of what follows the checksum
 * ```
 */
import { StateStoreError } from '@rta/runtime';
import { crc32c } from './crc32c.js';

const INTERNAL_PREFIX = 0x00;
export const ROW_PREFIX = 0x01;
const CRC_BYTES = 4;
const KEPT_SCRATCH_BYTES = 1 << 20;
/** Views of so many bytes at most are kept. */
const KEPT_VIEWS = 256;

/** Room for one key or one value that is handed to LevelDB, which copies it before the call returns. */
class Scratch {
  #bytes = new Uint8Array(1024);
  /** Views of it, by length: most rows are as long as others, and a view for each would be as much work as the row. */
  #views: (Uint8Array | undefined)[] = [];

  take(length: number): Uint8Array {
    if (length > this.#bytes.length) {
      if (length > KEPT_SCRATCH_BYTES) return new Uint8Array(length);
      this.#bytes = new Uint8Array(Math.min(KEPT_SCRATCH_BYTES, length * 2));
      this.#views = [];
    }
    if (length > KEPT_VIEWS) return this.#bytes.subarray(0, length);
    return (this.#views[length] ??= this.#bytes.subarray(0, length));
  }
}

const keyScratch = new Scratch();
const valueScratch = new Scratch();

/** The LevelDB key of a row. Valid until the next call: for calls that copy it at once (`getSync`, a chained batch). */
export function rowKey(key: Uint8Array): Uint8Array {
  const out = keyScratch.take(key.length + 1);
  out[0] = ROW_PREFIX;
  out.set(key, 1);
  return out;
}

/** The same for a key that must live longer, as a range's end does. */
export function keptRowKey(key: Uint8Array): Uint8Array {
  return rowKey(key).slice();
}

/** The LevelDB value: checksum and value. Valid until the next call. */
export function sealValue(levelKey: Uint8Array, value: Uint8Array): Uint8Array {
  const out = valueScratch.take(value.length + CRC_BYTES);
  out.set(value, CRC_BYTES);
  const crc = crc32c(out, CRC_BYTES, out.length, crc32c(levelKey));
  out[0] = crc >>> 24;
  out[1] = crc >>> 16;
  out[2] = crc >>> 8;
  out[3] = crc;
  return out;
}

/** The value without its checksum, as a view. Throws StateStoreError `corrupt` where that does not hold. */
export function openValue(levelKey: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < CRC_BYTES) throw corruptRow(levelKey, `has ${sealed.length} bytes, fewer than a checksum`);
  const stored = ((sealed[0] << 24) | (sealed[1] << 16) | (sealed[2] << 8) | sealed[3]) >>> 0;
  if (crc32c(sealed, CRC_BYTES, sealed.length, crc32c(levelKey)) !== stored)
    throw corruptRow(levelKey, 'does not have the checksum it was stored with');
  return sealed.subarray(CRC_BYTES);
}

export function metaKey(): Uint8Array {
  return Uint8Array.of(INTERNAL_PREFIX);
}

export function journalKey(batch: number): Uint8Array {
  const key = new Uint8Array(7);
  key[0] = INTERNAL_PREFIX;
  const high = Math.floor(batch / 0x1_0000_0000);
  key[1] = high >>> 8;
  key[2] = high;
  key[3] = batch >>> 24;
  key[4] = batch >>> 16;
  key[5] = batch >>> 8;
  key[6] = batch;
  return key;
}

function corruptRow(levelKey: Uint8Array, what: string): StateStoreError {
  const shown = Buffer.from(levelKey.subarray(0, 32)).toString('hex');
  return new StateStoreError('corrupt', `the state store's row ${shown}${levelKey.length > 32 ? '…' : ''} ${what}`);
}
