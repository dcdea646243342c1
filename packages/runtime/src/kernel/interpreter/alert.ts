/** The incidents of an alert (`AlertTransform`), told as a list of what happens to a key. */
import { Buffer } from 'node:buffer';
import type { StageNode } from '../../plan/physical.js';
import { alertLayout } from '../state-layout.js';
import { AvroCodec } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { afterFingerprint, encodeFingerprint } from './groups.js';
import { type Change, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';

type AlertNode = Extract<StageNode, { op: 'alert' }>;

/** What is known of a key; a time is null where there is none. */
interface Incident {
  readonly key: string;
  readonly row: string;
  readonly last: number;
  /** From when on the condition holds; of silence, the last row. */
  readonly since: number | null;
  readonly openedAt: number | null;
  /** From when on it does not hold any more, while the incident is kept. */
  readonly quietSince: number | null;
  readonly silent: boolean;
}

const PHASES = { inactive: 0, pending: 1, firing: 2, keeping: 3 };

export class Incidents extends Operator {
  private readonly codec: AvroCodec;
  private readonly fingerprint: number;
  private readonly incidents = new Map<string, Incident>();
  private readonly logged = new Set<string>();
  private readonly changed = new Set<string>();

  constructor(
    override readonly node: AlertNode,
    stage: StageContext,
  ) {
    super(node, stage);
    const layout = alertLayout();
    this.codec = new AvroCodec(layout.schema);
    this.fingerprint = layout.fingerprint;
  }

  override row({ row, time }: StreamRow, effects: Effect[]): void {
    effects.push(() => {
      this.rowsIn++;
      this.judge(row.dedup_key as string, row.key as string, row.when === true, row.row as string, time);
    });
  }

  override change(_change: Change): void {
    throw new Error('an alert reads streams');
  }

  override prime(_row: TimedRow): void {
    throw new Error('an alert reads streams');
  }

  private judge(id: string, key: string, holds: boolean, row: string, time: number): void {
    const { forMs, noDataMs } = this.node.transform;
    if (!this.incidents.has(id) && !holds && noDataMs === null) return;
    this.elapse(id, time);
    const before = this.incidents.get(id) ?? { key, since: null, openedAt: null, quietSince: null, silent: false };
    const seen: Incident = { ...before, row, last: time };
    if (!holds) {
      this.set(id, this.afterFailing(id, seen, time));
      return;
    }
    const since = seen.silent ? time : (seen.since ?? time);
    const next: Incident = { ...seen, since, quietSince: null, silent: false };
    this.set(id, next.openedAt === null && time - since >= forMs ? this.opened(id, next, time) : next);
  }

  /** What happens to a key before `time` without a row. */
  private elapse(id: string, time: number): void {
    for (;;) {
      const incident = this.incidents.get(id);
      const next = incident && this.nextOf(incident);
      if (incident === undefined || next === undefined || !(next.at < time)) return;
      this.set(id, next.then(id, incident, next.at));
    }
  }

  private nextOf(
    incident: Incident,
  ): { readonly at: number; readonly then: (id: string, incident: Incident, at: number) => Incident } | undefined {
    const { forMs, keepFiringMs, noDataMs, periodMs } = this.node.transform;
    const { last, since, openedAt, quietSince, silent } = incident;
    const events = [];
    if (noDataMs !== null && !silent) events.push({ at: last + noDataMs, then: this.afterSilence.bind(this) });
    if (quietSince !== null) events.push({ at: quietSince + keepFiringMs, then: this.resolved.bind(this) });
    else if (periodMs !== null && since !== null && !silent) events.push({ at: last + periodMs, then: this.afterFailing.bind(this) });
    if (since !== null && openedAt === null) events.push({ at: since + forMs, then: this.opened.bind(this) });
    // Of those at one time the first.
    return events.sort((a, b) => a.at - b.at).at(0);
  }

  private afterSilence(id: string, incident: Incident, at: number): Incident {
    const silent: Incident = { ...incident, silent: true, quietSince: null };
    return incident.openedAt === null ? this.opened(id, { ...silent, since: incident.last }, at) : silent;
  }

  private afterFailing(id: string, incident: Incident, at: number): Incident {
    if (incident.openedAt === null) return { ...incident, since: null };
    const quiet: Incident = { ...incident, silent: false, quietSince: incident.quietSince ?? at };
    return this.node.transform.keepFiringMs === 0 ? this.resolved(id, quiet, at) : quiet;
  }

  private opened(id: string, incident: Incident, at: number): Incident {
    const open = { ...incident, openedAt: at };
    this.tell(id, open, 'trigger', at);
    return open;
  }

  private resolved(id: string, incident: Incident, at: number): Incident {
    this.tell(id, incident, 'resolve', at);
    return { ...incident, since: null, openedAt: null, quietSince: null, silent: false };
  }

  private tell(id: string, { key, row, since, openedAt, silent }: Incident, action: string, time: number): void {
    const { shiftMs } = this.node.transform;
    const reason = silent ? 'noData' : 'when';
    const times = { since: since! + shiftMs, opened_at: openedAt! + shiftMs, at: time + shiftMs };
    this.emitRow({ row: { dedup_key: id, action, reason, key, ...times, row }, time });
  }

  private set(id: string, incident: Incident): void {
    this.incidents.set(id, incident);
    // In the order in which they changed first.
    this.changed.add(id);
  }

  override flush(watermark: number): void {
    const due = [...this.incidents].flatMap(([id, incident]) => {
      const next = this.nextOf(incident);
      return next !== undefined && next.at < watermark ? [{ id, at: next.at }] : [];
    });
    for (const { id } of due.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))) this.elapse(id, watermark);
    for (const id of this.changed) this.log(id, this.incidents.get(id)!);
    this.changed.clear();
  }

  private log(id: string, incident: Incident): void {
    const storeKey = Buffer.concat([Buffer.from([this.node.store]), Buffer.from(id)]);
    const { key, row, last, since, openedAt, quietSince, silent } = incident;
    if (since === null && this.node.transform.noDataMs === null) {
      this.incidents.delete(id);
      if (this.logged.delete(id)) this.stage.changelog(storeKey, null);
      return;
    }
    const phase = since === null ? 'inactive' : openedAt === null ? 'pending' : quietSince === null ? 'firing' : 'keeping';
    const times = { last, since: since ?? 0, opened: openedAt ?? 0, quiet: quietSince ?? 0 };
    const value = this.codec.encode({ phase: PHASES[phase], silent, ...times, key, row });
    this.stage.changelog(storeKey, Buffer.concat([encodeFingerprint(this.fingerprint), value]));
    this.logged.add(id);
  }

  override restore(key: Uint8Array, value: Uint8Array | null): void {
    const id = Buffer.from(key).toString('utf8');
    this.incidents.delete(id);
    this.logged.delete(id);
    if (value === null) return;
    const fields = this.codec.decode(afterFingerprint(value, this.fingerprint)) as ReadonlyMap<string, Datum>;
    const phase = Number(fields.get('phase'));
    const time = (name: string, least: number): number | null => (phase >= least ? Number(fields.get(name)) : null);
    this.incidents.set(id, {
      key: fields.get('key') as string,
      row: fields.get('row') as string,
      last: Number(fields.get('last')),
      since: time('since', PHASES.pending),
      openedAt: time('opened', PHASES.firing),
      quietSince: time('quiet', PHASES.keeping),
      silent: fields.get('silent') === true,
    });
    this.logged.add(id);
  }

  override nextDue(): number {
    return Math.min(Infinity, ...[...this.incidents.values()].map((incident) => (this.nextOf(incident)?.at ?? Infinity) + 1));
  }

  override entries(): { readonly all: number; readonly dirty: number } {
    return { all: this.incidents.size, dirty: this.changed.size };
  }
}
