import { crc32c } from '../crc32c.js';
import { Damage, Reader, unmaskCrc } from './bytes.js';

/** The tables that a manifest leaves live, by number, with their size in bytes. Throws `Damage`. */
export function liveTables(manifest: Uint8Array): Map<number, number> {
  const live = new Map<number, number>();
  for (const edit of logRecords(manifest)) apply(new Reader(edit), live);
  return live;
}

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;

/**
 * The records of a file in LevelDB's log format.
 *
 * ```
 * file   := block*                   32 KiB each; what does not fit a header at a block's end is zero
 * record := crc:uint32 LE, masked, CRC-32C of type and data   length:uint16 LE   type:uint8 (1 full, 2 first, 3 middle, 4 last)   data
 * ```
 * (leveldb 1.20, doc/log_format.md.) A record torn at the end of the file is left out: a crash does that. Throws `Damage` for any other.
 */
function* logRecords(file: Uint8Array): Generator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = [];
  for (let pos = 0; pos < file.length;) {
    const blockEnd = Math.min(file.length, pos - (pos % BLOCK_BYTES) + BLOCK_BYTES);
    if (blockEnd - pos < HEADER_BYTES) {
      pos = blockEnd;
      continue;
    }
    const header = new Reader(file, pos);
    const stored = unmaskCrc(header.uint32());
    const length = header.uint16();
    const start = pos + HEADER_BYTES;
    const type = header.byte();
    if (start + length > blockEnd) {
      if (blockEnd === file.length) return; // torn
      throw new Damage(`the record at ${pos} is longer than its block`);
    }
    if (crc32c(file, pos + 6, start + length) !== stored) throw new Damage(`the record at ${pos} does not have its checksum`);
    pos = start + length;
    if ((type === 1 || type === 2) !== (parts.length === 0)) throw new Damage(`the record before ${pos} is out of order`);
    parts.push(file.subarray(start, pos));
    if (type !== 1 && type !== 4) continue;
    yield parts.length === 1 ? parts[0] : Buffer.concat(parts);
    parts = [];
  }
}

/**
 * ```
 * edit := ( 1 comparator:bytes | 2 logNumber | 3 nextFile | 4 lastSequence | 5 level key:bytes | 6 level deleted
 *         | 7 level added size smallest:bytes largest:bytes | 9 previousLog )*        numbers are varints, bytes have their length first
 * ```
 */
function apply(edit: Reader, live: Map<number, number>): void {
  while (edit.left > 0) {
    const tag = edit.varint();
    switch (tag) {
      case 1:
        edit.slice(edit.varint());
        break;
      case 2:
      case 3:
      case 4:
      case 9:
        edit.varint();
        break;
      case 5:
        edit.varint();
        edit.slice(edit.varint());
        break;
      case 6:
        edit.varint();
        live.delete(edit.varint());
        break;
      case 7: {
        edit.varint();
        const number = edit.varint();
        live.set(number, edit.varint());
        edit.slice(edit.varint());
        edit.slice(edit.varint());
        break;
      }
      default:
        throw new Damage(`an edit has the unknown tag ${tag}`);
    }
  }
}
