/** How rows of rankings have moved, and their values have gone, within the last minute. */
const WITHIN_MS = 60_000;
/** How often they are noted, ms. */
const NOTE_MS = 2_000;

/** A row of a ranking now. */
interface Ranked {
  readonly label: string;
  readonly value: number | null;
}

interface Noted {
  readonly at: number;
  /** By label, from 0. */
  readonly ranks: ReadonlyMap<string, Ranked & { readonly rank: number }>;
}

export interface RankMove {
  /** Places up (positive) or down since the oldest note of the last minute; `new` where it was not there then. */
  readonly moved: number | 'new';
  /** Values at the notes of the last minute, oldest first, and now; null: it was not there, or had none. */
  readonly trend: readonly (number | null)[];
}

export class RankMoves {
  private readonly notes = new Map<string, Noted[]>();

  /**
   * @param rows best first
   * @param now ms
   */
  at(board: string, rows: readonly Ranked[], now: number): RankMove[] {
    const notes = this.notes.get(board) ?? [];
    this.notes.set(board, notes);
    while (notes.length > 0 && notes[0].at < now - WITHIN_MS) notes.shift();
    if (rows.length > 0 && (notes.length === 0 || notes[notes.length - 1].at <= now - NOTE_MS))
      notes.push({ at: now, ranks: new Map(rows.map(({ label, value }, rank) => [label, { label, value, rank }])) });
    const before = notes[0]?.ranks;
    return rows.map(({ label, value }, rank) => {
      const was = before?.get(label)?.rank;
      return {
        moved: was === undefined ? (before === undefined ? 0 : 'new') : was - rank,
        trend: [...notes.map(({ ranks }) => ranks.get(label)?.value ?? null), value],
      };
    });
  }
}
