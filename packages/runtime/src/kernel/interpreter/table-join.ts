/** A join of a stream with a table: rows wait for the watermark and then look among all versions, or meet the latest one at once. */
import { Buffer } from 'node:buffer';
import { Join, type Kept } from './join.js';

export class TableJoin extends Join {
  override received(key: Uint8Array, value: Uint8Array | null, input: number): void {
    this.rowsIn++;
    const right = this.node.sides[1].includes(input);
    const kept = right ? this.version(Buffer.from(key), Buffer.from(value!)) : this.waiting(Buffer.from(key), value!);
    if (!this.latest) {
      this.kept.push(kept);
      return;
    }
    const versions = this.versionsOf(kept);
    if (!right) {
      this.hand(kept, versions[0]);
      return;
    }
    this.drop(versions);
    if (kept.row !== null) this.kept.push(kept);
    else this.nextNumber--;
  }

  private get latest(): boolean {
    return this.node.transform.how.kind === 'latest';
  }

  private waiting(key: Buffer, value: Uint8Array): Kept {
    const { row, field } = this.rowCodecs[0].decode(value);
    const number = this.latest ? 0 : this.nextNumber++;
    return { right: false, time: Number(field('time')), number, key, row, matched: false, logged: false, dirty: true };
  }

  /** `long time, union [null, row]`: the row is read with its time, as rows are elsewhere. */
  private version(key: Buffer, value: Buffer): Kept {
    let end = 0;
    while (value[end] > 127) end++;
    end++;
    const deleted = value[end] === 0;
    const time = timeOf(value.subarray(0, end));
    const row = deleted ? null : this.rowCodecs[1].decode(Buffer.concat([value.subarray(0, end), value.subarray(end + 1)])).row;
    return { right: true, time, number: this.nextNumber++, key, row, matched: false, logged: false, dirty: true };
  }

  /** Versions of the key, newest first. */
  private versionsOf({ key }: Kept): Kept[] {
    return this.kept.filter((other) => other.right && other.key.equals(key)).sort((a, b) => b.time - a.time || b.number - a.number);
  }

  private hand(kept: Kept, version: Kept | undefined): void {
    if (version !== undefined && version.row !== null && this.satisfies(kept, version))
      this.emitPair(kept, { ...version, time: kept.time });
    else if (this.pads(kept)) this.emitAlone(kept);
  }

  protected override goesAt(kept: Kept): number {
    if (!kept.right) return kept.time + 1;
    if (this.latest) return Infinity;
    if (kept.row === null) return kept.time;
    const versions = this.versionsOf(kept);
    return versions[versions.indexOf(kept) - 1]?.time ?? Infinity;
  }

  override flush(watermark: number): void {
    const gone = this.kept.filter((kept) => this.goesAt(kept) <= watermark);
    const waiting = gone.filter((kept) => !kept.right).sort((a, b) => a.time - b.time || a.number - b.number);
    for (const kept of waiting)
      this.hand(
        kept,
        this.versionsOf(kept).find((version) => version.time <= kept.time),
      );
    this.drop(gone);
    this.logDirty();
  }
}

/** A zigzag varint. */
function timeOf(bytes: Buffer): number {
  const z = bytes.reduce((sum, byte, i) => sum | (BigInt(byte & 127) << BigInt(7 * i)), 0n);
  return Number((z >> 1n) ^ -(z & 1n));
}
