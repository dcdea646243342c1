import { describe, expect, it } from 'vitest';
import { dueMs, LEADERS, usersOf, type Schedule } from '../src/latency/schedule.js';
import { LatencyTracker } from '../src/latency/tracker.js';

const SCHEDULE: Schedule = { startMs: 1_000_000, rate: 1000, events: 2000 };

describe('latency', () => {
  it('has half of the events of the leaders', () => {
    const leading = usersOf({ events: 100_000 }).filter((user) => user < LEADERS).length;
    expect(leading).toBeGreaterThan(49_000);
    expect(leading).toBeLessThan(51_000);
  });

  it('is that of each event, by the first total that counts it', () => {
    const tracker = new LatencyTracker(SCHEDULE, LEADERS, 1000);
    const users = usersOf(SCHEDULE);
    const totals = new Array<number>(LEADERS).fill(0);
    let late = 0;
    for (const [event, user] of users.entries()) {
      if (user >= LEADERS) {
        tracker.take(user, 1, 0); // not followed
        continue;
      }
      totals[user]++;
      // One event of two is shown with the next one of the same user, or at the end.
      if (totals[user] % 2 === 0) tracker.take(user, totals[user], dueMs(SCHEDULE, event) + 50);
      if (event >= 1000) late++;
    }
    expect(tracker.missing).toBe(totals.filter((total) => total % 2 === 1).length);
    for (const [user, total] of totals.entries()) tracker.take(user, total, dueMs(SCHEDULE, SCHEDULE.events) + 50);
    expect(tracker.complete).toBe(true);
    const { samples, p50, p99, max } = tracker.percentiles();
    expect(samples).toBe(late);
    expect(p50).toBeGreaterThanOrEqual(50);
    expect(p50).toBeLessThan(p99!);
    expect(p99).toBeLessThanOrEqual(max!);
    // A row that comes again, or late, changes nothing; one that counts what was not sent is wrong.
    tracker.take(0, 1, 0);
    expect(tracker.percentiles().samples).toBe(late);
    expect(() => tracker.take(0, totals[0] + 1, 0)).toThrow(/points of/);
  });
});
