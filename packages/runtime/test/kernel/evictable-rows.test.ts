/** Which rows of a join may leave memory, and that the list of them does not grow with how often they are written. */
import { describe, expect, it } from 'vitest';
import { type EvictableRow, EvictableRows } from '../../src/kernel/run/evictable-rows.js';
import type { TaskState } from '../../src/kernel/run/task-state.js';

/** Counts how often it is looked at. */
class CountedRow implements EvictableRow {
  row: Uint8Array | null = new Uint8Array(10);
  readonly length = 10;
  dirty = false;
  flush = 0;
  listed = false;
  looks = 0;
  private isGone = false;

  get gone(): boolean {
    this.looks++;
    return this.isGone;
  }

  set gone(gone: boolean) {
    this.isGone = gone;
  }
}

class Rows extends EvictableRows<CountedRow> {
  add(): CountedRow {
    this.count++;
    const row = new CountedRow();
    this.heldBytes += row.length;
    return row;
  }

  remove(row: CountedRow): void {
    this.count--;
    this.noteGone(row);
  }

  flush(...rows: readonly CountedRow[]): void {
    for (const row of rows) this.noteLogged(row);
    this.flushed();
  }
}

/** Of what a task has, only whether it has a store is asked. */
const rowsOf = (): Rows => new Rows({ env: { store: { get: () => undefined } } } as unknown as TaskState, 0);
const FLUSHES = 10_000;

describe('rows that may leave memory', () => {
  it('are listed once, however often they are written', () => {
    const rows = rowsOf();
    const row = rows.add();
    for (let flush = 1; flush <= FLUSHES; flush++) {
      rows.flush(row);
      if (flush % 5 === 0) rows.stored(flush);
    }
    row.looks = 0;
    rows.relieve(1, 0);
    expect(row.row).toBeNull();
    expect(row.looks).toBe(1);
  });

  it('are forgotten when they are gone, however many come and go, though no store has them yet', () => {
    const rows = rowsOf();
    const all = Array.from({ length: FLUSHES }, () => rows.add());
    for (const [i, row] of all.entries()) {
      rows.flush(row);
      rows.remove(row);
      if (i < FLUSHES / 2) rows.stored(i + 1);
    }
    rows.flush();
    expect(all.filter(({ listed }) => listed)).toEqual([]);
    expect(all.reduce((sum, { looks }) => sum + looks, 0)).toBeLessThan(FLUSHES * 3);
  });

  it('stay where others go', () => {
    const rows = rowsOf();
    const kept = Array.from({ length: 10 }, () => rows.add());
    rows.flush(...kept);
    for (let i = 0; i < FLUSHES; i++) {
      const row = rows.add();
      rows.flush(row);
      rows.remove(row);
    }
    rows.stored(FLUSHES + 1);
    rows.relieve(1, 0);
    expect(kept.map(({ row }) => row)).toEqual(kept.map(() => null));
  });

  it('go when what was written last is stored, not before', () => {
    const rows = rowsOf();
    const row = rows.add();
    rows.flush(row);
    rows.stored(1);
    rows.flush(row);
    rows.relieve(1, 0);
    expect(row.row).not.toBeNull();
    rows.stored(2);
    row.dirty = true;
    rows.relieve(1, 0);
    expect(row.row).not.toBeNull();
    row.dirty = false;
    rows.flush(row);
    rows.stored(3);
    rows.relieve(1, 0);
    expect(row.row).toBeNull();
    expect(rows.bytes()).toBe(0);
  });

  it('go again after they were gone and came back', () => {
    const rows = rowsOf();
    const row = rows.add();
    rows.flush(row);
    rows.stored(1);
    row.gone = true;
    rows.relieve(1, 0);
    row.gone = false;
    rows.flush(row);
    rows.stored(2);
    rows.relieve(1, 0);
    expect(row.row).toBeNull();
  });
});
