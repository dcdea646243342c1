/** How far rows have moved within the last minute. */
const WITHIN_MS = 60_000;
/** How often ranks are noted, ms. */
const NOTE_MS = 2_000;

interface Noted {
  readonly at: number;
  /** From 0, by label. */
  readonly ranks: ReadonlyMap<string, number>;
}

export class RankMoves {
  private readonly notes = new Map<string, Noted[]>();

  /**
   * Places up (positive) or down of each label since the oldest note of the last minute; `new` where it was not there then.
   *
   * @param labels best first
   * @param now ms
   */
  at(board: string, labels: readonly string[], now: number): (number | 'new')[] {
    const notes = this.notes.get(board) ?? [];
    this.notes.set(board, notes);
    while (notes.length > 0 && notes[0].at < now - WITHIN_MS) notes.shift();
    if (labels.length > 0 && (notes.length === 0 || notes[notes.length - 1].at <= now - NOTE_MS))
      notes.push({ at: now, ranks: new Map(labels.map((label, rank) => [label, rank])) });
    const before = notes[0]?.ranks;
    return labels.map((label, rank) => {
      const was = before?.get(label);
      return was === undefined ? (before === undefined ? 0 : 'new') : was - rank;
    });
  }
}
