/** Session windows: a group's stretches of events no more than a gap apart, each a row of its own. */
import { Buffer } from 'node:buffer';
import type { SessionWindow } from '@rta/dsl';
import { holdOf, keepsOut } from '../../plan/window-times.js';
import type { Entry, Incarnation, OutRow } from './groups.js';
import { type FoldNode, type Interval, KeyedFold } from './keyed-fold.js';
import type { StageContext, StreamRow, TimedRow } from './operator.js';

export class SessionFold extends KeyedFold {
  private readonly wait: number;

  constructor(
    node: FoldNode,
    stage: StageContext,
    private readonly window: SessionWindow,
  ) {
    super(node, stage);
    this.wait = holdOf(window);
  }

  protected override judge({ time, source }: StreamRow): { windows: (number | null)[]; missed: Interval[] } {
    const { gapMs, graceMs } = this.window;
    const late = source !== null && time + gapMs + graceMs <= source.watermark;
    return late ? { windows: [], missed: [{ start: time, end: time + gapMs }] } : { windows: [null], missed: [] };
  }

  protected override flushGroups(watermark: number): void {
    const open = this.gate.opens();
    this.close(watermark);
    for (const [id, entry] of [...this.groups]) {
      if (open && entry.pending && this.fold.emit.mode !== 'final') this.emitChanged(entry);
      if (entry.dirty) this.log(entry);
      if (entry.incarnations.length === 0) this.groups.delete(id);
    }
  }

  /** In (window end, key) order: a session's only row, or the last of the updates that are still due; then its state goes. */
  private close(watermark: number): void {
    const closed = [...this.groups.values()].flatMap((entry) =>
      entry.incarnations.filter(({ time }) => time + this.wait <= watermark).map((session) => ({ entry, session })),
    );
    closed.sort((a, b) => a.session.time - b.session.time || Buffer.compare(a.entry.groupKey, b.entry.groupKey));
    for (const { entry, session } of closed) {
      if (this.fold.emit.mode === 'final') {
        const row = this.timedRow(entry, session);
        if (row !== null) this.emitRow(row);
      } else if (session.changed) this.emit(entry, session);
      entry.incarnations = entry.incarnations.filter((other) => other !== session);
      entry.dirty = true;
    }
  }

  private emitChanged(entry: Entry): void {
    entry.incarnations = entry.incarnations.map((session) => (session.changed ? this.emit(entry, session) : session));
    entry.pending = false;
    if (keepsOut(this.fold)) entry.dirty = true;
  }

  /** A session that grew is another row: what was out for it, and for what it swallowed, is taken back. */
  private emit(entry: Entry, session: Incarnation): Incarnation {
    const { first, time } = session;
    const isSame = (out: OutRow): boolean => out.first === first && out.time === time;
    for (const out of session.out) if (!isSame(out)) this.emitChange(out.row, null);
    const row = this.timedRow(entry, session);
    this.emitChange(session.out.find(isSame)?.row ?? null, row);
    return { ...session, out: row === null ? [] : [{ first, time, row }], changed: false };
  }

  private timedRow(entry: Entry, session: Incarnation): TimedRow | null {
    const row = this.rowOf(entry, this.windowOf(session), session);
    return row === null ? null : { row, time: session.time };
  }

  protected override spanOf(_entry: Entry, session: Incarnation): Interval {
    return this.windowOf(session);
  }

  private windowOf({ first, time }: { readonly first: number; readonly time: number }): Interval {
    return { start: first, end: time + this.window.gapMs };
  }

  override restored(_watermark: number): void {
    if (this.fold.emit.mode === 'final') return;
    const every = this.fold.emit.mode === 'every';
    for (const entry of this.groups.values()) {
      entry.pending = every;
      entry.incarnations = entry.incarnations.map((session): Incarnation => {
        if (every) return { ...session, changed: true, out: session.out.map((out) => ({ ...out, row: this.keysOf(entry, out) })) };
        const row = this.timedRow(entry, session);
        if (row !== null) for (const next of this.next) next.prime(row);
        return { ...session, out: [{ first: session.first, time: session.time, row }] };
      });
    }
  }

  /** With `emit: every` what a row said is not in the state, only that it is out: enough to take it back from a sink. */
  private keysOf(entry: Entry, out: OutRow): TimedRow {
    const { start, end } = this.windowOf(out);
    return { row: { ...entry.group, window_start: start, window_end: end }, time: out.time };
  }

  override nextDue(): number {
    if (this.node.mode === 'partial') return Infinity;
    return Math.min(Infinity, ...[...this.groups.values()].map(({ incarnations }) => incarnations[0].time + this.wait));
  }
}
