/** Tells from the rows of a result how long each event took to show in it. */
import { dueMs, usersOf, type Schedule } from './schedule.js';

export interface Percentiles {
  readonly samples: number;
  /** ms; null where there are no samples */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Every event scores 1, so a user's total says which of their events are in it: the first so many. */
export class LatencyTracker {
  private readonly latencies: number[] = [];
  /** The events of each user, in order. */
  private readonly eventsOf: readonly number[][];
  private readonly shown: Uint32Array;
  private left: number;

  /**
   * @param users only those with a lower index are followed
   * @param warmUp so many events at the start are not counted
   */
  constructor(
    private readonly schedule: Schedule,
    users: number,
    private readonly warmUp: number,
  ) {
    const eventsOf: number[][] = Array.from({ length: users }, () => []);
    for (const [event, user] of usersOf(schedule).entries()) if (user < users) eventsOf[user].push(event);
    this.eventsOf = eventsOf;
    this.shown = new Uint32Array(users);
    this.left = eventsOf.reduce((sum, events) => sum + events.length, 0);
  }

  /** Whether every event was seen in a result. */
  get complete(): boolean {
    return this.left === 0;
  }

  /** How many events no result has shown yet. */
  get missing(): number {
    return this.left;
  }

  /** A row that was read at `nowMs`. Throws where it counts events that were not sent. */
  take(user: number, total: number, nowMs: number): void {
    if (user >= this.shown.length) return;
    const events = this.eventsOf[user];
    if (total > events.length) throw new Error(`user ${user} has ${total} points of ${events.length} events`);
    for (let i = this.shown[user]; i < total; i++) {
      const event = events[i];
      this.left--;
      if (event >= this.warmUp) this.latencies.push(nowMs - dueMs(this.schedule, event));
    }
    if (total > this.shown[user]) this.shown[user] = total;
  }

  percentiles(): Percentiles {
    const sorted = Float64Array.from(this.latencies).sort();
    return { samples: sorted.length, p50: at(sorted, 0.5), p95: at(sorted, 0.95), p99: at(sorted, 0.99), max: at(sorted, 1) };
  }
}

/** The least value that so large a share of all does not exceed, in whole ms; null of none. */
function at(sorted: Float64Array, share: number): number | null {
  return sorted.length === 0 ? null : Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
}
