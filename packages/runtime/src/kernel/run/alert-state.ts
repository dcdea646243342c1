/**
 * The incidents of an alert in one task: what `AlertTransform` says, key by key. Rows come in event-time order from the `over` before it,
 * at a flush; what happens without a row happens when the watermark has passed its time, behind all rows of that time.
 */
import { readInt32 } from './bytes.js';
import { ExpiryIndex } from './expiry-index.js';
import type { StageNode } from '../../plan/physical.js';
import type { TaskState } from './task-state.js';

export type AlertNode = Extract<StageNode, { op: 'alert' }>;

/** A transition, as generated code hands it on. */
export interface Transition {
  readonly dedupKey: string;
  readonly key: string;
  readonly action: 'trigger' | 'resolve';
  readonly reason: 'when' | 'noData';
  readonly row: string;
  /** Event times, ms, as people are told them. */
  readonly since: number;
  readonly opened: number;
  readonly at: number;
  /** The event time of the row, ms. */
  readonly time: number;
}

/** Generated per alert. */
export interface AlertCode {
  readonly give: (K: TaskState, transition: Transition) => void;
}

const [INACTIVE, PENDING, FIRING, KEEPING] = [0, 1, 2, 3];

/** What is remembered of a key. */
interface Watched {
  readonly slot: number;
  readonly dedupKey: string;
  readonly key: string;
  phase: number;
  /** Firing because nothing comes. */
  silent: boolean;
  /** Times of the last row, of the first of those for which the condition holds, of the trigger, of the first for which it does not any more. */
  last: number;
  since: number;
  opened: number;
  quiet: number;
  row: string;
  changed: boolean;
  /** The changelog has a value for it. */
  logged: boolean;
}

/** What a key takes in memory beside its texts, about. */
const WATCHED_BYTES = 200;

export class AlertState {
  private readonly byKey = new Map<string, Watched>();
  private readonly bySlot: (Watched | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly expiry: ExpiryIndex;
  private changed: Watched[] = [];
  private textBytes = 0;
  private readonly dueOf = (slot: number): number => this.dueAt(this.bySlot[slot]!) + 1;

  constructor(
    readonly node: AlertNode,
    readonly index: number,
    private readonly code: AlertCode,
    private readonly fingerprint: number,
  ) {
    const { periodMs, keepFiringMs, noDataMs } = node.transform;
    this.expiry = new ExpiryIndex(Math.min(periodMs ?? Infinity, noDataMs ?? Infinity, Math.max(keepFiringMs, 60_000)));
  }

  // ---- What comes in ----

  row(K: TaskState, dedupKey: string, key: string, holds: boolean, row: string, time: number): void {
    const { forMs, noDataMs } = this.node.transform;
    let one = this.byKey.get(dedupKey);
    if (one === undefined) {
      if (!holds && noDataMs === null) return;
      one = this.watch(dedupKey, key, time);
    }
    while (this.dueAt(one) < time) this.elapse(K, one);
    one.last = time;
    this.textBytes += row.length - one.row.length;
    one.row = row;
    if (holds) {
      if (one.phase === INACTIVE) {
        one.phase = PENDING;
        one.since = time;
      } else if (one.phase === KEEPING || one.silent) one.phase = FIRING;
      if (one.silent) {
        one.silent = false;
        one.since = time;
      }
      one.quiet = 0;
      if (one.phase === PENDING && time - one.since >= forMs) this.trigger(K, one, time);
    } else this.fails(K, one, time);
    this.touch(one);
  }

  /** The condition does not hold at `time`. */
  private fails(K: TaskState, one: Watched, time: number): void {
    if (one.phase === PENDING) this.calm(one);
    else if (one.phase === FIRING) {
      one.phase = KEEPING;
      one.silent = false;
      one.quiet = time;
      if (this.node.transform.keepFiringMs === 0) this.resolve(K, one, time);
    }
  }

  /** When something happens to a key without a row, ms. */
  private dueAt({ phase, silent, last, since, quiet }: Watched): number {
    const { forMs, keepFiringMs, noDataMs, periodMs } = this.node.transform;
    const silence = noDataMs === null || silent ? Infinity : last + noDataMs;
    if (phase === KEEPING) return Math.min(silence, quiet + keepFiringMs);
    const missing = periodMs === null || phase === INACTIVE || silent ? Infinity : last + periodMs;
    return Math.min(silence, missing, phase === PENDING ? since + forMs : Infinity);
  }

  /** What is due first happens; of several at a time silence, which keeps an incident open, and then that a window is missing. */
  private elapse(K: TaskState, one: Watched): void {
    const { noDataMs, periodMs } = this.node.transform;
    const time = this.dueAt(one);
    if (noDataMs !== null && !one.silent && time === one.last + noDataMs) {
      const isOpen = one.phase === FIRING || one.phase === KEEPING;
      one.silent = true;
      one.quiet = 0;
      if (isOpen) one.phase = FIRING;
      else {
        one.since = one.last;
        this.trigger(K, one, time);
      }
    } else if (one.phase === KEEPING) this.resolve(K, one, time);
    else if (periodMs !== null && time === one.last + periodMs) this.fails(K, one, time);
    else this.trigger(K, one, time);
    this.touch(one);
  }

  private trigger(K: TaskState, one: Watched, time: number): void {
    one.phase = FIRING;
    one.opened = time;
    this.give(K, one, 'trigger', time);
  }

  private resolve(K: TaskState, one: Watched, time: number): void {
    this.give(K, one, 'resolve', time);
    this.calm(one);
  }

  private calm(one: Watched): void {
    one.phase = INACTIVE;
    one.silent = false;
    one.since = one.opened = one.quiet = 0;
  }

  private give(K: TaskState, one: Watched, action: Transition['action'], time: number): void {
    const { shiftMs } = this.node.transform;
    const { dedupKey, key, row } = one;
    const [since, opened] = [one.since + shiftMs, one.opened + shiftMs];
    K.rowsOut[this.index]++;
    this.code.give(K, { dedupKey, key, action, reason: one.silent ? 'noData' : 'when', row, since, opened, at: time + shiftMs, time });
  }

  // ---- Keys ----

  private watch(dedupKey: string, key: string, last: number): Watched {
    const slot = this.freeSlots.pop() ?? this.bySlot.length;
    const times = { last, since: 0, opened: 0, quiet: 0 };
    const one: Watched = { slot, dedupKey, key, phase: INACTIVE, silent: false, ...times, row: '', changed: false, logged: false };
    this.bySlot[slot] = one;
    this.byKey.set(dedupKey, one);
    this.textBytes += dedupKey.length + key.length;
    return one;
  }

  private forget(one: Watched): void {
    this.expiry.remove(one.slot);
    this.bySlot[one.slot] = undefined;
    this.freeSlots.push(one.slot);
    this.byKey.delete(one.dedupKey);
    this.textBytes -= one.dedupKey.length + one.key.length + one.row.length;
  }

  private touch(one: Watched): void {
    if (one.changed) return;
    one.changed = true;
    this.changed.push(one);
  }

  // ---- What goes out ----

  flush(K: TaskState, watermark: number): void {
    const due: Watched[] = [];
    this.enter();
    this.expiry.expire(watermark, this.dueOf, (slot) => due.push(this.bySlot[slot]!));
    due.sort((a, b) => this.dueAt(a) - this.dueAt(b) || (a.dedupKey < b.dedupKey ? -1 : 1));
    for (const one of due) while (this.dueAt(one) < watermark) this.elapse(K, one);
    for (const one of this.changed) this.log(K, one);
    this.enter();
    this.changed = [];
  }

  /** Keys that changed are found when something of them is due. */
  private enter(): void {
    for (const { slot } of this.changed) {
      if (this.bySlot[slot] === undefined) continue;
      const due = this.dueOf(slot);
      if (due < Infinity) this.expiry.add(slot, due);
    }
  }

  nextDue(): number {
    return this.expiry.next(this.dueOf);
  }

  // ---- The changelog ----

  private log(K: TaskState, one: Watched): void {
    const W = K.values;
    one.changed = false;
    const isKept = one.phase !== INACTIVE || this.node.transform.noDataMs !== null;
    const keyEnd = K.keys.text(K.keys.byte(0, this.node.store), one.dedupKey);
    if (!isKept) {
      this.forget(one);
      if (one.logged) K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, null, 0, 0, null);
      return;
    }
    let p = W.byte(W.long(W.int32(0, this.fingerprint), one.phase), one.silent ? 1 : 0);
    for (const time of [one.last, one.since, one.opened, one.quiet]) p = W.long(p, time);
    p = W.string(W.string(p, one.key), one.row);
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, W.bytes, 0, p, null);
    one.logged = true;
  }

  /** One changelog record, its key without the store's number. */
  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const dedupKey = utf8.decode(key);
    const known = this.byKey.get(dedupKey);
    if (known !== undefined) this.forget(known);
    if (value === null) return;
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node.id} was written with another layout (${found}, expected ${this.fingerprint})`);
    const c = K.cursor.at(value, 4, value.length);
    const long = (): number => Number(c.long());
    const [phase, silent] = [long(), c.boolean()];
    const [last, since, opened, quiet] = [long(), long(), long(), long()];
    const text = (): string => {
      const length = c.length();
      const from = c.skip(length);
      return utf8.decode(value.subarray(from, from + length));
    };
    const one = this.watch(dedupKey, text(), last);
    Object.assign(one, { phase, silent, since, opened, quiet, row: text(), logged: true });
    this.textBytes += one.row.length;
  }

  restored(_K: TaskState, _watermark: number): void {
    this.changed = [...this.byKey.values()];
    this.enter();
    this.changed = [];
  }

  stored(_commit: number): void {
    // Keys stay as long as there is something to remember of them.
  }

  relieve(_total: number, _limit: number): void {
    // As said.
  }

  // ---- Counts ----

  entries(): number {
    return this.byKey.size;
  }

  bytes(): number {
    return this.byKey.size * WATCHED_BYTES + this.textBytes;
  }

  dirtyEntries(): number {
    return this.changed.length;
  }
}

const utf8 = new TextDecoder();
