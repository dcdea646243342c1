/** One table per open window: the group key alone is hashed, closing a window frees it as a whole. */
import { GroupTable } from '../../state/group-table.js';
import type { TableLayout } from '../../state/group-table-rows.js';

/** Direct-mapped by window number, for the few windows that records are in at a time. */
const CACHED = 64;
/** Emptied tables kept for windows to come. */
const MAX_SPARE = 8;

export class WindowTables {
  private readonly tables = new Map<number, GroupTable>();
  private readonly cache: (GroupTable | null)[] = new Array<GroupTable | null>(CACHED).fill(null);
  private readonly spare: GroupTable[] = [];
  /** Least end of the open windows; Infinity: none is open. */
  firstEnd = Infinity;
  private flushNumber = 1;

  constructor(
    private readonly layout: TableLayout,
    private readonly sizeMs: number,
    private readonly advanceMs: number,
  ) {}

  /** Number of the flush that writes what changes now. */
  set flush(flush: number) {
    this.flushNumber = flush;
    for (const table of this.tables.values()) table.flush = flush;
  }

  /** The table of the window that starts at `start`, opened if need be. */
  at(start: number): GroupTable {
    const index = (start / this.advanceMs) & (CACHED - 1);
    const cached = this.cache[index];
    if (cached !== null && cached.start === start) return cached;
    const table = this.tables.get(start) ?? this.open(start);
    this.cache[index] = table;
    return table;
  }

  all(): IterableIterator<GroupTable> {
    return this.tables.values();
  }

  /** Tables of windows that end at or before `time`, in order of time. */
  endingBy(time: number): GroupTable[] {
    if (this.firstEnd > time) return [];
    return [...this.tables.values()].filter((table) => table.end <= time).sort((a, b) => a.start - b.start);
  }

  inOrder(): GroupTable[] {
    return [...this.tables.values()].sort((a, b) => a.start - b.start);
  }

  close(table: GroupTable): void {
    this.tables.delete(table.start);
    const index = (table.start / this.advanceMs) & (CACHED - 1);
    if (this.cache[index] === table) this.cache[index] = null;
    if (table.end === this.firstEnd) {
      this.firstEnd = Infinity;
      for (const other of this.tables.values()) if (other.end < this.firstEnd) this.firstEnd = other.end;
    }
    table.clear();
    table.start = NaN;
    if (this.spare.length < MAX_SPARE) this.spare.push(table);
  }

  private open(start: number): GroupTable {
    const table = this.spare.pop() ?? new GroupTable(this.layout);
    table.start = start;
    table.end = start + this.sizeMs;
    table.flush = this.flushNumber;
    this.tables.set(start, table);
    if (table.end < this.firstEnd) this.firstEnd = table.end;
    return table;
  }
}
