import { crc32c } from '../crc32c.js';
import { Damage, Reader, unmaskCrc } from './bytes.js';

/**
 * Checks a whole table file: LevelDB does not verify checksums when it reads, and a flipped bit in an index or filter block hides
 * rows from `get` that a scan still shows.
 *
 * ```
 * file   := (data block | filter block | metaindex block | index block)* footer       without gaps
 * block  := content  type:uint8 (0: not compressed)  crc:uint32 LE, masked, CRC-32C of content and type
 * footer := metaindex handle, index handle, padding to 40 bytes, magic:uint64 LE
 * handle := offset:varint size:varint                                                  size without type and crc
 * index  := (shared:varint unshared:varint valueLength:varint key[unshared] handle)* restart:uint32* restarts:uint32
 * ```
 * (leveldb 1.20, doc/table_format.md.) Throws `Damage`.
 */
export function checkTable(file: Uint8Array): void {
  if (file.length < FOOTER_BYTES) throw new Damage('it is shorter than a footer');
  const footer = new Reader(file, file.length - FOOTER_BYTES);
  const metaindex = handle(footer);
  const index = handle(footer);
  const magic = new Reader(file, file.length - 8);
  if (magic.uint32() !== 0x8b80fb57 || magic.uint32() !== 0xdb477524) throw new Damage('its footer is not that of a table');

  const blocks = [...entries(content(file, index)), ...entries(content(file, metaindex)), metaindex, index];
  blocks.sort((a, b) => a.offset - b.offset);
  let at = 0;
  for (const block of blocks) {
    if (block.offset !== at) throw new Damage(`nothing refers to its bytes from ${at}`);
    check(file, block);
    at = block.offset + block.size + TRAILER_BYTES;
  }
  if (at !== file.length - FOOTER_BYTES) throw new Damage(`nothing refers to its bytes from ${at}`);
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;

function handle(from: Reader): Handle {
  return { offset: from.varint(), size: from.varint() };
}

function check(file: Uint8Array, { offset, size }: Handle): void {
  if (offset + size + TRAILER_BYTES > file.length - FOOTER_BYTES) throw new Damage('a block lies beyond its end');
  const stored = unmaskCrc(new Reader(file, offset + size + 1).uint32());
  if (crc32c(file, offset, offset + size + 1) !== stored) throw new Damage(`the block at ${offset} does not have its checksum`);
}

/** The content of an index block. */
function content(file: Uint8Array, block: Handle): Uint8Array {
  check(file, block);
  const type = file[block.offset + block.size];
  if (type !== 0) throw new Damage(`the block at ${block.offset} is compressed (${type}), as no state store is`);
  return file.subarray(block.offset, block.offset + block.size);
}

/** The handles that an index (or metaindex) block holds as values. */
function entries(block: Uint8Array): Handle[] {
  if (block.length < 4) throw new Damage('an index block is empty');
  const restarts = new Reader(block, block.length - 4).uint32();
  const from = new Reader(block, 0, block.length - 4 - 4 * restarts);
  const handles: Handle[] = [];
  while (from.left > 0) {
    from.varint(); // bytes of the key shared with the one before
    const unshared = from.varint();
    const valueBytes = from.varint();
    from.slice(unshared);
    handles.push(handle(new Reader(from.slice(valueBytes))));
  }
  return handles;
}
