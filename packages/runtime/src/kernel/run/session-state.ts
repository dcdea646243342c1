/** Session windows of one fold in one task: which rows go out, in the three modes of emission, and when sessions are over. */
import type { SessionWindow } from '@rta/dsl';
import { CHANGED, DIRTY, EMITTED, FAILED, type GroupTable, LOGGED, PENDING } from '../../state/group-table.js';
import { hashBytes } from '../../state/group-table-hash.js';
import { FLAGS, KEY_LENGTH, NEXT } from '../../state/group-table-rows.js';
import { keepsOut } from '../../plan/window-times.js';
import type { FoldCode, FoldNode } from './fold-tables.js';
import { compareKeys } from './key-order.js';
import { CONSUMERS, OUT_FIRST, OUT_LAST, SessionChains, STALE } from './session-chains.js';
import type { TaskState } from './task-state.js';

interface Closing {
  readonly head: number;
  readonly slot: number;
}

export class SessionState extends SessionChains {
  private readonly emitMode: 'updates' | 'final' | 'every';
  private readonly everyMs: number;
  /** Period of `emit: every` in which the last emission was. */
  private period: number;
  /** Groups with PENDING. */
  private pending: number[] = [];
  /** What is out is in the state. */
  private readonly keepsOut: boolean;

  constructor(node: FoldNode, window: SessionWindow, index: number, code: FoldCode, K: TaskState, fingerprint: number) {
    super(node, window, index, code, K, fingerprint);
    const { emit } = node.transform;
    this.emitMode = emit.mode;
    this.everyMs = emit.mode === 'every' ? emit.everyMs : 0;
    this.period = this.everyMs > 0 ? Math.floor(K.env.now() / this.everyMs) : 0;
    this.keepsOut = keepsOut(node.transform);
  }

  protected override addIncarnation(K: TaskState, T: GroupTable, head: number): void {
    const c = K.cursor;
    const last = Number(c.long());
    const first = Number(c.long());
    const slot = this.place(T, head, first, last);
    if (this.keepsOut) this.readOut(K, T, slot);
    this.code.readAccumulators(K, T, slot);
    T.meta[slot * T.metaStride + FLAGS] |= STALE;
  }

  // ---- Emission ----

  flush(K: TaskState, watermark: number): void {
    const T = this.table;
    if (this.node.mode === 'partial') {
      this.sendTable(K, T);
      T.clear();
      return;
    }
    this.endRestoring(); // a new task has nothing to restore
    const open = this.opens(K);
    this.close(K, T, watermark);
    if (this.emitMode === 'every') this.emitEvery(K, T, open);
    const { dirty, dirtyCount } = T;
    T.dirtyCount = 0;
    for (let i = 0; i < dirtyCount; i++) {
      const head = dirty[i];
      const f = head * T.metaStride + FLAGS;
      const flags = T.meta[f];
      if ((flags & DIRTY) === 0) continue; // it closed just now
      if (this.emitMode === 'updates') this.emitStale(K, T, head);
      if ((flags & CHANGED) !== 0) this.log(K, T, head);
      T.meta[f] = (T.meta[f] & ~(DIRTY | CHANGED)) | LOGGED;
      this.expiry!.add(head, this.dueOf(head));
    }
    this.flushed(watermark);
  }

  /** `every`: the first flush after each multiple of the period, by the wall clock. */
  private opens(K: TaskState): boolean {
    if (this.everyMs === 0) return true;
    const period = Math.floor(K.now / this.everyMs);
    const passed = period > this.period;
    this.period = period;
    return passed;
  }

  /** What changed waits for its tick; what goes out then is in the state. */
  private emitEvery(K: TaskState, T: GroupTable, open: boolean): void {
    for (let i = 0; i < T.dirtyCount; i++) if ((T.meta[T.dirty[i] * T.metaStride + FLAGS] & DIRTY) !== 0) this.delay(T, T.dirty[i]);
    if (!open) return;
    if (this.evictedArePending) {
      for (const key of T.evicted > 0 ? this.evictedOf(T) : []) {
        const hash = hashBytes(key, 0, key.length);
        if (T.find(hash, key, 0, key.length) < 0) this.readBack(K, T, hash, key, 0, key.length);
      }
      this.evictedArePending = false;
    }
    for (const head of this.pending) {
      const f = head * T.metaStride + FLAGS;
      if ((T.meta[f] & PENDING) === 0) continue;
      T.meta[f] &= ~PENDING;
      this.emitStale(K, T, head);
      T.touch(head);
    }
    this.pending = [];
  }

  private delay(T: GroupTable, head: number): void {
    const f = head * T.metaStride + FLAGS;
    if ((T.meta[f] & PENDING) !== 0) return;
    for (const slot of this.sessionsOf(T, head)) {
      if ((T.meta[slot * T.metaStride + FLAGS] & STALE) === 0) continue;
      T.meta[f] |= PENDING;
      this.pending.push(head);
      return;
    }
  }

  private emitStale(K: TaskState, T: GroupTable, head: number): void {
    for (const slot of this.sessionsOf(T, head)) if ((T.meta[slot * T.metaStride + FLAGS] & STALE) !== 0) this.handOn(K, T, head, slot);
  }

  /** A session that grew is another row: what is out for it, and for what it swallowed, is taken back. */
  private handOn(K: TaskState, T: GroupTable, head: number, slot: number): void {
    const q = slot * T.numStride;
    for (const ghost of this.ghosts.get(slot) ?? []) {
      this.takeBack(K, T, head, ghost);
      T.remove(ghost);
    }
    this.ghosts.delete(slot);
    if (!this.isOutAsItIs(T, slot)) this.takeBack(K, T, head, slot);
    this.show(T, head, slot);
    this.code.emit(K, T, slot);
    T.num[q + OUT_LAST] = T.num[q];
    T.num[q + OUT_FIRST] = T.num[q + 1];
    const f = slot * T.metaStride + FLAGS;
    // A row that could not be computed is not out.
    T.meta[f] = (T.meta[f] & ~(STALE | EMITTED)) | ((T.meta[f] & FAILED) === 0 ? EMITTED : 0);
  }

  private takeBack(K: TaskState, T: GroupTable, head: number, slot: number): void {
    const f = slot * T.metaStride + FLAGS;
    if ((T.meta[f] & EMITTED) === 0) return;
    const q = slot * T.numStride;
    T.owner = head;
    T.start = T.num[q + OUT_FIRST];
    T.end = T.num[q + OUT_LAST] + this.gap;
    this.code.retract(K, T, slot);
    T.meta[f] &= ~(EMITTED | CONSUMERS);
  }

  private isOutAsItIs(T: GroupTable, slot: number): boolean {
    const q = slot * T.numStride;
    return T.num[q + OUT_LAST] === T.num[q] && T.num[q + OUT_FIRST] === T.num[q + 1];
  }

  /** The row that generated code hands on is this session's. */
  private show(T: GroupTable, head: number, slot: number): void {
    const q = slot * T.numStride;
    T.owner = head;
    T.start = T.num[q + 1];
    T.end = T.num[q] + this.gap;
  }

  // ---- The end of sessions ----

  /** In (window end, key) order, so that results are the same whenever the watermark came by. */
  private close(K: TaskState, T: GroupTable, watermark: number): void {
    this.recall(K, watermark);
    const heads: number[] = [];
    const closing: Closing[] = [];
    this.expiry!.expire(
      watermark,
      (head) => this.dueOf(head),
      (head) => {
        heads.push(head);
        for (const slot of this.sessionsOf(T, head)) if (this.isOver(T, slot, watermark)) closing.push({ head, slot });
      },
    );
    closing.sort((a, b) => T.num[a.slot * T.numStride] - T.num[b.slot * T.numStride] || compareKeys(T, a.head, b.head));
    for (const { head, slot } of closing) {
      if (this.emitMode === 'final') {
        this.show(T, head, slot);
        this.code.emit(K, T, slot);
      } else {
        if ((T.meta[slot * T.metaStride + FLAGS] & STALE) !== 0) this.handOn(K, T, head, slot);
        this.show(T, head, slot);
        this.code.settle(K, T, slot);
      }
    }
    for (const head of heads) this.cut(K, T, head, watermark);
  }

  private isOver(T: GroupTable, slot: number, watermark: number): boolean {
    return T.num[slot * T.numStride] + this.wait <= watermark;
  }

  /** Frees the sessions of a group that are over: the last ones of the chain. */
  private cut(K: TaskState, T: GroupTable, head: number, watermark: number): void {
    const m = T.metaStride;
    if (this.isOver(T, head, watermark)) {
      T.removeOlder(head);
      this.expiry!.remove(head);
      this.free(K, T, head);
      return;
    }
    let last = head;
    for (let next = T.meta[last * m + NEXT]; next >= 0 && !this.isOver(T, next, watermark); next = T.meta[last * m + NEXT]) last = next;
    T.removeOlder(last);
    T.touch(head);
  }

  override nextDue(): number {
    return this.node.mode === 'partial' ? Infinity : this.nextExpiry();
  }

  // ---- State ----

  /** With `emit: every`: the rows that are out for a session, as state-layout.ts has it. */
  writeOut(K: TaskState, T: GroupTable, slot: number, p: number): number {
    const W = K.values;
    const out = [...(this.ghosts.get(slot) ?? [])];
    if ((T.meta[slot * T.metaStride + FLAGS] & EMITTED) !== 0) out.push(slot);
    if (out.length === 0) return W.long(p, 0);
    out.sort((a, b) => T.num[a * T.numStride + OUT_FIRST] - T.num[b * T.numStride + OUT_FIRST]);
    p = W.long(p, out.length);
    for (const row of out) p = W.long(W.long(p, T.num[row * T.numStride + OUT_LAST]), T.num[row * T.numStride + OUT_FIRST]);
    return W.long(p, 0);
  }

  /** What is out is taken back when the session is handed on, whoever had it: who that was is not in the state. */
  private readOut(K: TaskState, T: GroupTable, slot: number): void {
    const c = K.cursor;
    for (let count = c.length(); count !== 0; count = c.length()) {
      for (; count > 0; count--) {
        const ghost = T.allocate();
        const q = ghost * T.numStride;
        T.num[q] = T.num[q + OUT_LAST] = Number(c.long());
        T.num[q + 1] = T.num[q + OUT_FIRST] = Number(c.long());
        T.meta[ghost * T.metaStride + FLAGS] = EMITTED | CONSUMERS;
        this.haunt(ghost, slot);
      }
    }
  }

  override restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    if (this.ghosts.size > 0) {
      const head = this.table.find(hashBytes(key, 0, key.length), key, 0, key.length);
      if (head >= 0) this.forgetGhosts(this.table, head);
    }
    super.restore(K, key, value);
  }

  protected override evicting(T: GroupTable, head: number): void {
    this.forgetGhosts(T, head);
    super.evicting(T, head);
  }

  protected override forgetRows(T: GroupTable, head: number): void {
    if (this.code.evicted === null) return;
    for (const slot of this.sessionsOf(T, head)) {
      this.show(T, head, slot);
      this.code.evicted(this.task, T, slot);
    }
  }

  restored(K: TaskState, watermark: number): void {
    this.endRestoring();
    this.watermark = watermark;
    if (this.emitMode === 'final' || this.node.mode === 'partial') return;
    const T = this.table;
    this.evictedArePending = this.emitMode === 'every';
    for (let head = 0; head < T.slots; head++) if (T.meta[head * T.metaStride + KEY_LENGTH] >= 0) this.cameBack(K, T, head);
    // What did not fit into memory: reading it back is what makes it known to ranks.
    if (this.code.ranked) this.eachEvicted(K, (_, head) => this.forgetGhosts(T, head));
  }

  /** Which periodic emissions were still due after a restart is not in the state: all are, once more. */
  protected override cameBack(K: TaskState, T: GroupTable, head: number): void {
    const due = this.evictedArePending;
    for (const slot of this.sessionsOf(T, head)) {
      const f = slot * T.metaStride + FLAGS;
      const q = slot * T.numStride;
      if (due) T.meta[f] |= STALE;
      else T.meta[f] &= ~STALE;
      const isOut = this.keepsOut ? this.adopt(T, slot) : true;
      if (!isOut) continue;
      T.num[q + OUT_LAST] = T.num[q];
      T.num[q + OUT_FIRST] = T.num[q + 1];
      this.show(T, head, slot);
      this.code.prime(K, T, slot);
      T.meta[f] |= due ? EMITTED | CONSUMERS : EMITTED;
    }
    if (due) this.delay(T, head);
  }

  /** Whether the session is out as it is; it is none of its ghosts then. */
  private adopt(T: GroupTable, slot: number): boolean {
    const ghosts = this.ghosts.get(slot) ?? [];
    const [q, n] = [slot * T.numStride, T.numStride];
    const same = ghosts.findIndex((ghost) => T.num[ghost * n + OUT_LAST] === T.num[q] && T.num[ghost * n + OUT_FIRST] === T.num[q + 1]);
    if (same < 0) return false;
    T.remove(ghosts[same]);
    if (ghosts.length === 1) this.ghosts.delete(slot);
    else ghosts.splice(same, 1);
    return true;
  }
}
