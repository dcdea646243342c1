/**
 * The panes of a fold's windows by group, and their sums: a copy of what the panes' tables hold, from which each window is put together without
 * adding up all of its panes anew (see sliding-sum.ts). Panes are added in the order of time, when nothing comes to them any more.
 */
import { GroupTable } from '../../state/group-table.js';
import { HASH, KEY_LENGTH } from '../../state/group-table-rows.js';
import type { FoldCode } from './fold-tables.js';
import { sortedByKey } from './key-order.js';
import { SlidingSum } from './sliding-sum.js';
import type { TaskState } from './task-state.js';

/** The panes of a group. */
interface Panes {
  /** A slot for each, and where it begins. */
  slots: number[];
  starts: number[];
  /** How many have left. */
  removed: number;
  sum: SlidingSum | null;
}

/** Bytes that a group, and a pane of it, take beside their slots, about. */
const GROUP_BYTES = 200;
const PANE_BYTES = 16;

export class PaneSums {
  /** The groups, and their sums once `sumUp` was called. */
  readonly table: GroupTable;
  private readonly groups = new Map<number, Panes>();
  private paneCount = 0;

  constructor(private readonly code: Pick<FoldCode, 'layout' | 'writeEntry' | 'readAccumulators' | 'merge'>) {
    this.table = new GroupTable(code.layout);
  }

  get bytes(): number {
    return this.groups.size === 0 ? 0 : this.table.bytes + this.groups.size * GROUP_BYTES + this.paneCount * PANE_BYTES;
  }

  clear(): void {
    this.table.clear(true);
    this.groups.clear();
    this.paneCount = 0;
  }

  /** Adds what slot `from` of a pane's table has. */
  add(K: TaskState, pane: GroupTable, from: number, start: number): void {
    const T = this.table;
    const head = this.headOf(pane, from);
    const panes = this.groups.get(head) ?? this.open(head);
    const slot = T.allocate();
    this.copy(K, pane, from, slot);
    panes.slots.push(slot);
    panes.starts.push(start);
    this.paneCount++;
  }

  private open(head: number): Panes {
    const panes: Panes = { slots: [], starts: [], removed: 0, sum: null };
    this.groups.set(head, panes);
    return panes;
  }

  /** Folds slot `from` of another table into a slot of this one. */
  copy(K: TaskState, other: GroupTable, from: number, slot: number): void {
    const end = this.code.writeEntry(K, other, from, 0);
    K.cursor.at(K.values.bytes, 0, end).long();
    this.code.readAccumulators(K, this.table, slot);
  }

  /** The slot of a group of another table. */
  headOf(other: GroupTable, slot: number): number {
    const T = this.table;
    const [key, start, m] = [other.keyBytes(slot), other.keyStart(slot), slot * other.metaStride];
    const hash = other.meta[m + HASH];
    const end = start + other.meta[m + KEY_LENGTH];
    const head = T.find(hash, key, start, end);
    return head >= 0 ? head : T.insert(hash, key, start, end);
  }

  /** Sums up the window that begins at `start` in the slots of the groups; what is before it is forgotten. */
  sumUp(start: number): void {
    const T = this.table;
    for (const [head, panes] of this.groups) {
      T.reset(head);
      let gone = 0;
      while (gone < panes.slots.length && panes.starts[gone] < start) T.remove(panes.slots[gone++]);
      panes.slots.splice(0, gone);
      panes.starts.splice(0, gone);
      panes.removed += gone;
      this.paneCount -= gone;
      const { slots, removed } = panes;
      if (slots.length === 0) {
        panes.sum?.free();
        this.groups.delete(head);
        T.remove(head);
        continue;
      }
      if (SlidingSum.isWorth(slots.length)) panes.sum ??= new SlidingSum(T, this.code);
      const isSummed = panes.sum?.addTo(head, removed, removed + slots.length, (position) => slots[position - removed]);
      if (isSummed !== true) for (const slot of slots) this.code.merge(T, slot, head);
    }
  }

  /** The groups in the order of their keys; of those without a pane nothing is left afterwards. */
  each(look: (head: number) => void): void {
    const T = this.table;
    for (const head of sortedByKey(T)) {
      look(head);
      if (!this.groups.has(head)) T.remove(head);
    }
  }
}
