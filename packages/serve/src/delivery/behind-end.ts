/** How far a reader is behind the end of its topic. */
export interface Behind {
  /** Offsets, markers of transactions included. */
  readonly records: number;
  /** For how long, at least, the first of them has been there: since somebody looked and saw it, ms. */
  readonly ms: number;
}

/** Next offset by partition. */
type Offsets = ReadonlyMap<number, number>;

/** So many looks are kept; of more, every other one. */
const MOST_LOOKS = 1_000;

/** Tells the time behind from where the end was at earlier looks: the timestamps of records are event times, and say nothing of it. */
export class BehindEnd {
  private looks: { readonly at: number; readonly ends: Offsets }[] = [];

  /**
   * @param ends where the topic ends now
   * @param taken where the reader is, of the partitions that are its own
   * @param at ms
   */
  look(ends: Offsets, taken: Offsets, at: number): Behind {
    const left = ({ ends: then }: { readonly ends: Offsets }): number =>
      [...taken].reduce((sum, [partition, offset]) => sum + Math.max(0, (then.get(partition) ?? 0) - offset), 0);
    if (this.looks.length >= MOST_LOOKS) this.looks = this.looks.filter((_, i) => i % 2 === 0);
    const now = { at, ends };
    this.looks.push(now);
    // What was there at the first ones may be taken; ends only grow.
    const first = this.looks.findIndex((look) => left(look) > 0);
    this.looks.splice(0, first < 0 ? Infinity : first);
    return { records: left(now), ms: at - (this.looks.at(0)?.at ?? at) };
  }
}
