/** Takes events from browsers into the topic of a source. */
import type { SourceNode } from '@rta/dsl';
import { encodedHeaders, partitionOf, type Log } from '@rta/runtime';
import { Refused } from '../refused.js';
import { Appender, type NewRecord } from './appender.js';
import { eventCheck, type Checked } from './event-check.js';
import { RateLimit } from './rate-limit.js';

/** Where events of browsers are written. */
export interface CollectTarget {
  readonly source: Pick<SourceNode, 'topic' | 'schema' | 'key'>;
  /** Under which its values are framed; null: they are JSON. */
  readonly schemaId: number | null;
  readonly partitions: number;
  /** Where what is refused is written; null: it is counted. */
  readonly rejects: { readonly topic: string; readonly partitions: number } | null;
}

export interface CollectSettings {
  /** Where events are sent to: `/analytics/collect`. */
  readonly path: string;
  /** As of now; null: it is not known yet, and nothing is taken. */
  readonly target: () => CollectTarget | null;
  /** Pages that may send, as browsers name them: `https://shop.example`; null: all. */
  readonly origins: readonly string[] | null;
  /** Events a second that one address may send; null: any number. */
  readonly rate: number | null;
}

export interface CollectAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly { readonly index: number; readonly reason: string; readonly message: string }[];
}

export interface CollectCounts {
  accepted: number;
  readonly rejected: Record<string, number>;
}

/** Reasons that an answer has, at most; the counts are of all. */
const MAX_ERRORS = 100;

export class Collector {
  readonly counts: CollectCounts = { accepted: 0, rejected: {} };
  private readonly appender: Appender;
  private open: { readonly target: CollectTarget; readonly check: (event: unknown) => Checked } | null = null;
  private readonly limit: RateLimit | null;
  /** Records without a key go around, a request each. */
  private turn = 0;

  constructor(
    readonly settings: CollectSettings,
    log: Log,
  ) {
    this.appender = new Appender(log);
    this.limit = settings.rate === null ? null : new RateLimit(settings.rate);
  }

  get pendingBytes(): number {
    return this.appender.pendingBytes;
  }

  /**
   * Resolves when all that it says is durable. Rejects with Refused: 400 for what is no JSON, 429 and 503 (with how long to wait) where nothing of
   * it was taken (of a source that nothing reads yet, either), or it is not known whether it was.
   */
  async collect(body: Buffer, address: string): Promise<CollectAnswer> {
    this.requireRoom();
    const { target, check } = this.opened();
    const events = await this.eventsIn(body, target);
    // Others may have come meanwhile.
    this.requireRoom();
    const now = Date.now();
    const wait = this.limit?.wait(address, events.length, now) ?? 0;
    if (wait > 0) throw new Refused(429, 'too_many_events', `${this.settings.rate ?? 0} events a second are taken of one address`, wait);
    const records: NewRecord[] = [];
    const errors: CollectAnswer['errors'][number][] = [];
    const turn = this.turn++;
    for (const [index, event] of events.entries()) {
      const checked = check(event);
      const problem = 'value' in checked ? keyProblem(event, target) : checked.problem;
      if ('value' in checked && problem === null) records.push(recordOf(event, checked.value, turn, target));
      else {
        const message = problem ?? '';
        errors.push({ index, reason: 'schema', message });
        records.push(...this.rejectOf(Buffer.from(JSON.stringify(event)), 'schema', message, target));
      }
    }
    await this.write(records, now);
    const { counts } = this;
    counts.accepted += events.length - errors.length;
    this.countRejected('schema', errors.length);
    return { accepted: events.length - errors.length, rejected: errors.length, errors: errors.slice(0, MAX_ERRORS) };
  }

  countRejected(reason: string, count: number): void {
    const { rejected } = this.counts;
    if (count > 0) rejected[reason] = (rejected[reason] ?? 0) + count;
  }

  private async eventsIn(body: Buffer, target: CollectTarget): Promise<readonly unknown[]> {
    try {
      const json = JSON.parse(UTF8.decode(body)) as unknown;
      if (Array.isArray(json)) return json as unknown[];
      const { batch } = (typeof json === 'object' && json !== null ? json : {}) as { readonly batch?: unknown };
      return Array.isArray(batch) ? (batch as unknown[]) : [json];
    } catch (error) {
      const { message } = error as Error;
      await this.write(this.rejectOf(body, 'not_json', message, target), Date.now());
      this.countRejected('not_json', 1);
      throw new Refused(400, 'not_json', message);
    }
  }

  private async write(records: readonly NewRecord[], now: number): Promise<void> {
    try {
      await this.appender.append(records, now);
    } catch (error) {
      throw new Refused(503, 'not_durable', `it is not certain that it was taken: send it again (${(error as Error).message})`, 1);
    }
  }

  /** Checked by the schema of what is written to now. */
  private opened(): NonNullable<Collector['open']> {
    const target = this.settings.target();
    if (target === null) throw new Refused(503, 'not_ready', 'nothing that reads these events runs here yet: send them again', 1);
    if (this.open?.target !== target) this.open = { target, check: eventCheck(target.source, target.schemaId) };
    return this.open;
  }

  private requireRoom(): void {
    if (this.appender.isFull) throw new Refused(503, 'overloaded', 'more has come than the log has taken: send it again', 1);
  }

  private rejectOf(value: Buffer, reason: string, message: string, { rejects, source }: CollectTarget): NewRecord[] {
    if (rejects === null) return [];
    const headers = encodedHeaders([['rta.reason', reason], ['rta.step', `collect ${this.settings.path}`], ['rta.topic', source.topic], ['rta.message', message]]); // prettier-ignore
    return [{ topic: rejects.topic, partition: this.turn % rejects.partitions, key: null, value, headers }];
  }
}

function keyProblem(event: unknown, { source }: CollectTarget): string | null {
  const [column] = source.key ?? [];
  const value = column === undefined ? '' : (event as Readonly<Record<string, unknown>>)[column];
  return value === null || value === undefined ? `${column}: records are keyed by it, so it is needed` : null;
}

function recordOf(event: unknown, value: Uint8Array, turn: number, { source, partitions }: CollectTarget): NewRecord {
  const [column] = source.key ?? [];
  const key = column === undefined ? null : Buffer.from(String((event as Readonly<Record<string, unknown>>)[column]));
  const partition = key === null ? turn % partitions : partitionOf(key, 0, key.length, partitions);
  return { topic: source.topic, partition, key, value, headers: null };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
