/** approxDistinct: the registers of a HyperLogLog, as a sorted list of those that are not 0 while there are few. */
import type { Value } from '@rta/dsl';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import { estimate, MAX_RANK, REGISTERS, SEEDS, SHORT_ENTRY } from '../../hyper-log-log.js';
import type { AvroCursor } from '../avro-cursor.js';
import type { Scratch } from '../scratch.js';
import { SideKind } from './side-kind.js';

/** Number bits above the rank, in the entries of the list. */
const RANK_BITS = 8;
const FIRST_LENGTH = 8;
const OVERHEAD = 120;

class Registers extends SideState {
  /** number << 8 | rank, in order; of those `count` are in use. Null: all registers are in `all`. */
  private few: Int32Array | null = new Int32Array(FIRST_LENGTH);
  private count = 0;
  private all: Uint8Array | null = null;

  get bytes(): number {
    return OVERHEAD + (this.few?.byteLength ?? 0) + (this.all?.byteLength ?? 0);
  }

  raise(register: number, rank: number): void {
    const { all, few } = this;
    if (all !== null) {
      if (rank > all[register]) all[register] = rank;
      return;
    }
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (few![middle] >> RANK_BITS < register) low = middle + 1;
      else high = middle;
    }
    if (low < this.count && few![low] >> RANK_BITS === register) {
      if (rank > (few![low] & 255)) few![low] = (register << RANK_BITS) | rank;
      return;
    }
    if (this.isFull()) {
      this.spread();
      this.raise(register, rank);
      return;
    }
    const list = this.roomy();
    list.copyWithin(low + 1, low, this.count);
    list[low] = (register << RANK_BITS) | rank;
    this.count++;
  }

  /** One more would make the list as long as all registers. */
  private isFull(): boolean {
    return (this.count + 1) * SHORT_ENTRY >= REGISTERS;
  }

  private roomy(): Int32Array {
    const { few } = this;
    if (this.count < few!.length) return few!;
    const longer = new Int32Array(few!.length * 2);
    longer.set(few!);
    this.few = longer;
    return longer;
  }

  private spread(): void {
    const all = new Uint8Array(REGISTERS);
    for (let i = 0; i < this.count; i++) all[this.few![i] >> RANK_BITS] = this.few![i] & 255;
    this.all = all;
    this.few = null;
  }

  each(look: (register: number, rank: number) => void): void {
    const { all, few } = this;
    if (all === null) for (let i = 0; i < this.count; i++) look(few![i] >> RANK_BITS, few![i] & 255);
    else for (let i = 0; i < REGISTERS; i++) if (all[i] > 0) look(i, all[i]);
  }

  write(W: Scratch, p: number): number {
    if (this.all !== null) return W.sized(p, this.all, 0, REGISTERS);
    p = W.long(p, this.count * SHORT_ENTRY);
    for (let i = 0; i < this.count; i++) {
      const entry = this.few![i];
      p = W.byte(W.byte(W.byte(p, entry >> 16), entry >> RANK_BITS), entry);
    }
    return p;
  }

  estimate(): number {
    const histogram = new Int32Array(MAX_RANK + 1);
    let set = 0;
    this.each((_, rank) => {
      histogram[rank]++;
      set++;
    });
    histogram[0] = REGISTERS - set;
    return estimate(histogram);
  }
}

export class DistinctEstimate extends SideKind<Registers> {
  /** Takes in the value whose Avro is `bytes[start, end)`. */
  add(T: GroupTable, slot: number, bytes: Uint8Array, start: number, end: number): void {
    const registers = this.stateOf(T, slot);
    const before = registers.bytes;
    const entry = entryOf(bytes, start, end);
    registers.raise(entry >> RANK_BITS, entry & 255);
    this.changed(T, registers, before);
  }

  protected fresh(): Registers {
    return new Registers();
  }

  protected join(into: Registers, from: Registers): void {
    from.each((register, rank) => into.raise(register, rank));
  }

  protected readInto(c: AvroCursor, registers: Registers): void {
    const length = c.length();
    const start = c.skip(length);
    const b = c.bytes;
    if (length === REGISTERS) for (let i = 0; i < REGISTERS; i++) if (b[start + i] > 0) registers.raise(i, b[start + i]);
    if (length < REGISTERS) for (let p = start; p < start + length; p += SHORT_ENTRY) registers.raise((b[p] << 8) | b[p + 1], b[p + 2]);
  }

  protected writeState(W: Scratch, p: number, registers: Registers | undefined): number {
    return registers === undefined ? W.byte(p, 0) : registers.write(W, p);
  }

  protected resultOf(registers: Registers | undefined): Value {
    return registers?.estimate() ?? 0;
  }
}

/** What the value whose Avro is `bytes[start, end)` says: register << 8 | rank. */
export function entryOf(bytes: Uint8Array, start: number, end: number): number {
  const high = murmur3(bytes, start, end, SEEDS[0]);
  const rest = high << 12;
  const zeros = rest === 0 ? 20 + Math.clz32(murmur3(bytes, start, end, SEEDS[1])) : Math.clz32(rest);
  return ((high >>> 20) << RANK_BITS) | (zeros + 1);
}

/** MurmurHash3 x86_32. */
function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    k = Math.imul(k, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  }
  if (i < end) {
    let k = 0;
    for (let j = end - 1; j >= i; j--) k = (k << 8) | bytes[j];
    k = Math.imul(k, 0xcc9e2d51);
    h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  }
  h ^= end - start;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
