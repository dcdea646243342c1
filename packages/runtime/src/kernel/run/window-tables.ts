/** One table per open window: the group key alone is hashed, closing a window frees it as a whole. */
import type { AlignedWindows } from '../../plan/aligned-windows.js';
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
  private readonly spacing: number;

  constructor(
    private readonly layout: TableLayout,
    private readonly kind: Pick<AlignedWindows, 'startOf' | 'endOf' | 'spacing'>,
  ) {
    this.spacing = kind.spacing;
  }

  /** Number of the flush that writes what changes now. */
  set flush(flush: number) {
    this.flushNumber = flush;
    for (const table of this.tables.values()) table.flush = flush;
  }

  /** The table of the window of that number, opened if need be. */
  at(id: number): GroupTable {
    const index = (id / this.spacing) & (CACHED - 1);
    const cached = this.cache[index];
    if (cached !== null && cached.id === id) return cached;
    const table = this.tables.get(id) ?? this.open(id);
    this.cache[index] = table;
    return table;
  }

  all(): IterableIterator<GroupTable> {
    return this.tables.values();
  }

  /** Tables of windows that end at or before `time`, in order of time. */
  endingBy(time: number): GroupTable[] {
    if (this.firstEnd > time) return [];
    return [...this.tables.values()].filter((table) => table.end <= time).sort((a, b) => a.end - b.end);
  }

  inOrder(): GroupTable[] {
    return [...this.tables.values()].sort((a, b) => a.end - b.end);
  }

  close(table: GroupTable): void {
    this.tables.delete(table.id);
    const index = (table.id / this.spacing) & (CACHED - 1);
    if (this.cache[index] === table) this.cache[index] = null;
    if (table.end === this.firstEnd) this.findFirst();
    table.clear();
    table.id = NaN;
    if (this.spare.length < MAX_SPARE) this.spare.push(table);
  }

  /** A pane is in another window, which ends later. */
  extend(table: GroupTable, end: number): void {
    const isFirst = table.end === this.firstEnd;
    table.end = end;
    if (isFirst) this.findFirst();
  }

  private findFirst(): void {
    this.firstEnd = Infinity;
    for (const other of this.tables.values()) if (other.end < this.firstEnd) this.firstEnd = other.end;
  }

  private open(id: number): GroupTable {
    const table = this.spare.pop() ?? new GroupTable(this.layout);
    table.id = id;
    table.start = this.kind.startOf(id);
    table.end = this.kind.endOf(id);
    table.flush = this.flushNumber;
    this.tables.set(id, table);
    if (table.end < this.firstEnd) this.firstEnd = table.end;
    return table;
  }
}
