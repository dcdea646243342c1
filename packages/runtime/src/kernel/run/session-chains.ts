/**
 * The sessions of each group of one fold in one task. A group is a slot with its key; its sessions are that slot and those that hang on it by
 * NEXT, newest first, always more than a gap apart. Beside `num[0]` = last and `num[1]` = first event, a session keeps how it was when its row
 * was handed on: `num[2]` = last, `num[3]` = first (where EMITTED). The flags of a session are EMITTED, STALE, FAILED and those of consumers;
 * the other flags are of the group, and stand at its slot.
 *
 * A session that was handed on and then merged into another lives on as a ghost, a slot in no chain, until its row is taken back.
 */
import type { SessionWindow } from '@rta/dsl';
import { holdOf } from '../../plan/window-times.js';
import { DEAD, EMITTED, FAILED, FIRST_CONSUMER_BIT, type GroupTable, SHRUNK } from '../../state/group-table.js';
import { FLAGS, NEXT } from '../../state/group-table-rows.js';
import { FoldMemory } from './fold-memory.js';
import { extend, type FoldCode, type FoldNode } from './fold-tables.js';
import type { TaskState } from './task-state.js';

export const OUT_LAST = 2;
export const OUT_FIRST = 3;
/** Of a session, which the watermark never changes: it changed since its row was handed on. */
export const STALE = SHRUNK;
/** The flags of all consumers. */
export const CONSUMERS = -(1 << FIRST_CONSUMER_BIT);
/** Flags that go with a session when it moves to another slot. */
const OF_SESSION = EMITTED | STALE | FAILED | CONSUMERS;

export abstract class SessionChains extends FoldMemory {
  protected readonly gap: number;
  /** From the last event of a session until nothing can join it any more, ms. */
  protected readonly wait: number;
  /** By the slot of the session that swallowed them. */
  protected readonly ghosts = new Map<number, number[]>();

  constructor(node: FoldNode, window: SessionWindow, index: number, code: FoldCode, K: TaskState, fingerprint: number) {
    super(node, index, code, K, fingerprint);
    this.gap = window.gapMs;
    this.wait = holdOf(window);
  }

  /** The session that [first, last] belongs to after joining all that are no further than the gap from it. Times are set. */
  override place(T: GroupTable, head: number, first: number, last: number): number {
    const { gap } = this;
    const [n, m] = [T.numStride, T.metaStride];
    if (T.num[head * n] === -Infinity) {
      T.num[head * n] = last;
      T.num[head * n + 1] = first;
      this.expiry?.add(head, last + this.wait);
      return head;
    }
    let before = -1;
    let slot = head;
    while (slot >= 0 && T.num[slot * n + 1] - gap > last) {
      before = slot;
      slot = T.meta[slot * m + NEXT];
    }
    if (slot < 0 || first > T.num[slot * n] + gap) return this.begin(T, head, before, first, last);
    for (let older = T.meta[slot * m + NEXT]; older >= 0 && first <= T.num[older * n] + gap; older = T.meta[slot * m + NEXT]) {
      this.code.merge(T, older, slot);
      extend(T, slot, T.num[older * n + 1], T.num[older * n]);
      T.meta[slot * m + NEXT] = T.meta[older * m + NEXT];
      this.swallow(T, older, slot);
    }
    extend(T, slot, first, last);
    return slot;
  }

  /** A new session, behind `before` in the chain; -1: the newest, which takes the slot with the key. */
  private begin(T: GroupTable, head: number, before: number, first: number, last: number): number {
    const fresh = T.allocate();
    const m = T.metaStride;
    const after = before < 0 ? head : before;
    T.meta[fresh * m + NEXT] = T.meta[after * m + NEXT];
    T.meta[after * m + NEXT] = fresh;
    let slot = fresh;
    if (before < 0) {
      slot = head;
      T.move(head, fresh);
      T.meta[fresh * m + FLAGS] = T.meta[head * m + FLAGS] & OF_SESSION;
      T.meta[head * m + FLAGS] &= ~OF_SESSION;
      const ghosts = this.ghosts.get(head);
      if (ghosts !== undefined) {
        this.ghosts.delete(head);
        this.ghosts.set(fresh, ghosts);
      }
    }
    T.num[slot * T.numStride] = last;
    T.num[slot * T.numStride + 1] = first;
    this.expiry?.add(head, last + this.wait);
    return slot;
  }

  /** `from` is part of `into` now: what is out for it is to be taken back. */
  private swallow(T: GroupTable, from: number, into: number): void {
    const ghosts = this.ghosts.get(from) ?? [];
    this.ghosts.delete(from);
    if ((T.meta[from * T.metaStride + FLAGS] & EMITTED) !== 0) ghosts.push(from);
    else T.remove(from);
    for (const ghost of ghosts) this.haunt(ghost, into);
  }

  /** `ghost` is to be taken back when `session` is handed on. */
  protected haunt(ghost: number, session: number): void {
    const ghosts = this.ghosts.get(session);
    if (ghosts) ghosts.push(ghost);
    else this.ghosts.set(session, [ghost]);
  }

  /** Newest first; the one that was given last may be freed. */
  protected *sessionsOf(T: GroupTable, head: number): Generator<number> {
    for (let slot = head; slot >= 0;) {
      const next = T.meta[slot * T.metaStride + NEXT];
      yield slot;
      slot = next;
    }
  }

  /** The group's oldest session closes first. */
  protected override dueOf(head: number): number {
    const T = this.table;
    const m = T.metaStride;
    if ((T.meta[head * m + FLAGS] & DEAD) !== 0) return Infinity;
    let oldest = head;
    while (T.meta[oldest * m + NEXT] >= 0) oldest = T.meta[oldest * m + NEXT];
    return T.num[oldest * T.numStride] + this.wait;
  }

  protected forgetGhosts(T: GroupTable, head: number): void {
    if (this.ghosts.size === 0) return;
    for (const slot of this.sessionsOf(T, head)) {
      for (const ghost of this.ghosts.get(slot) ?? []) T.remove(ghost);
      this.ghosts.delete(slot);
    }
  }
}
