/** Groups of an `over` whose rows are in the store only, by slot of their key: what is known of them without. */

export interface ColdGroup {
  /** Numbers of its oldest and newest entry in the changelog. */
  readonly first: number;
  readonly last: number;
  /** How many of their rows are still needed: the newest. */
  readonly rows: number;
  /** The least watermark at which one of them is not needed any more. */
  readonly due: number;
}

/** Bytes of one. */
export const COLD_BYTES = 80;

export class ColdGroups {
  /** How many there are, and their rows. */
  count = 0;
  rows = 0;
  private readonly bySlot: (ColdGroup | undefined)[] = [];

  get(slot: number): ColdGroup | undefined {
    return this.bySlot[slot];
  }

  put(slot: number, group: ColdGroup): void {
    this.bySlot[slot] = group;
    this.count++;
    this.rows += group.rows;
  }

  /** Gives it; it is not here then. */
  take(slot: number): ColdGroup | undefined {
    const group = this.bySlot[slot];
    if (group === undefined) return undefined;
    this.bySlot[slot] = undefined;
    this.count--;
    this.rows -= group.rows;
    return group;
  }
}
