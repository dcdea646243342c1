/** Reads LevelDB's integers. A read past the end throws `Damage`: what is checked here is read before anything is known to be sound. */
export class Damage extends Error {
  override readonly name = 'Damage';
}

export class Reader {
  pos: number;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.pos = start;
  }

  get left(): number {
    return this.end - this.pos;
  }

  byte(): number {
    if (this.pos >= this.end) throw new Damage('it ends too early');
    return this.bytes[this.pos++];
  }

  uint16(): number {
    return this.byte() | (this.byte() << 8);
  }

  uint32(): number {
    return (this.uint16() | (this.uint16() << 16)) >>> 0;
  }

  /** Seven bits a byte, least significant first; 64 bits as a number, so rounded beyond 2^53. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new Damage('an integer has more than ten bytes');
  }

  slice(length: number): Uint8Array {
    if (length < 0 || length > this.left) throw new Damage('it ends too early');
    this.pos += length;
    return this.bytes.subarray(this.pos - length, this.pos);
  }
}

/** LevelDB stores its checksums masked, because they are computed over bytes that hold checksums themselves. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
