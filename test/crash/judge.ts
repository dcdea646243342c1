/** Recomputes what each pipeline of `project/` should have given, from nothing but its input, and compares. */
import type { Event } from './events.js';

export interface Output {
  readonly key: unknown;
  readonly value: Readonly<Record<string, unknown>> | null;
}

export interface Verdict {
  /** Rows that should be there and are not. */
  readonly lost: number;
  /** Rows that are there, or are there once more, and should not. */
  readonly doubled: number;
  /** How many were compared. */
  readonly rows: number;
  /** The first few, for people. */
  readonly examples: readonly string[];
}

const EXAMPLES = 10;
const WINDOW_MS = 10_000;
const SESSION_GAP_MS = 5_000;
const JOIN_MS = 10_000;
const BOARD = 5;

type Check = (events: readonly Event[], rows: readonly Output[]) => Comparison;

/** Multisets, each element written as text. */
interface Comparison {
  readonly expected: readonly string[];
  readonly got: readonly string[];
}

/** By the pipeline's name. */
export const CHECKS: Readonly<Record<string, Check>> = {
  copy: (events, rows) => ({
    expected: events.filter(({ kind }) => kind === 'buy').map(({ id, user, visit, amount, at }) => text(id, user, visit, amount, at)),
    got: rows.map(({ value }) => text(value?.['id'], value?.['user'], value?.['visit'], value?.['amount'], value?.['at'])),
  }),
  totals,
  board: (events, rows) => {
    const totals = new Map<string, { n: number; total: number }>();
    for (const { team, amount } of events) add(totals, team, amount);
    const best = [...totals].sort(([a, x], [b, y]) => y.total - x.total || (a < b ? -1 : 1)).slice(0, BOARD);
    return {
      expected: best.map(([team, { n, total }], i) => text(i + 1, team, n, total)),
      got: standing(rows).map((row) => text(row['rnk'], row['team'], row['n'], row['total'])),
    };
  },
  windows: (events, rows) => {
    const windows = new Map<string, { n: number; total: number }>();
    for (const { team, amount, at } of events) add(windows, text(team, at - (at % WINDOW_MS)), amount);
    return {
      expected: [...windows].map(([key, { n, total }]) => `${key} ${text(n, total)}`),
      got: rows.map(({ value }) => text(value?.['team'], value?.['window_start'], value?.['n'], value?.['total'])),
    };
  },
  sessions: (events, rows) => ({
    expected: sessionsOf(events),
    got: standing(rows).map((row) => text(row['user'], row['window_start'], row['window_end'], row['n'], row['total'])),
  }),
  bought: (events, rows) => {
    const buys = new Map<string, Event[]>();
    for (const event of events) if (event.kind === 'buy') buys.set(event.visit, [...(buys.get(event.visit) ?? []), event]);
    const pairs = events
      .filter(({ kind }) => kind === 'view')
      .flatMap((view) =>
        (buys.get(view.visit) ?? [])
          .filter(({ at }) => at >= view.at && at <= view.at + JOIN_MS)
          .map((buy) => text(view.visit, view.user, view.id, buy.id, buy.amount)),
      );
    return {
      expected: pairs,
      got: rows.map(({ value }) => text(value?.['visit'], value?.['user'], value?.['viewed'], value?.['bought'], value?.['amount'])),
    };
  },
  once: (events, rows) => ({
    expected: [...new Set(events.map(({ id, user, amount }) => text(id, user, amount)))],
    got: rows.map(({ value }) => text(value?.['id'], value?.['user'], value?.['amount'])),
  }),
};

/** Compares all of them. `events` and `outputs`, by the pipeline's name, are what the topics hold, each partition's in order. */
export function judge(events: readonly Event[], outputs: Readonly<Record<string, readonly Output[]>>): Verdict {
  let [lost, doubled, count] = [0, 0, 0];
  const examples: string[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const { expected, got } = check(events, outputs[name] ?? []);
    const left = new Map<string, number>();
    for (const row of expected) left.set(row, (left.get(row) ?? 0) + 1);
    for (const row of got) left.set(row, (left.get(row) ?? 0) - 1);
    count += got.length;
    for (const [row, times] of left) {
      if (times > 0) lost += times;
      else doubled -= times;
      if (times !== 0 && examples.length < EXAMPLES)
        examples.push(`${name}: ${times > 0 ? `lost ${times}` : `${-times} too many`}: ${row}`);
    }
  }
  return { lost, doubled, rows: count, examples };
}

/**
 * Every row that was committed says how many records of its user it is the sum of: it must be the sum of just that many, the numbers must
 * grow, and end with all of them.
 */
function totals(events: readonly Event[], rows: readonly Output[]): Comparison {
  const sums = new Map<string, number[]>();
  for (const { user, amount } of events) {
    const known = sums.get(user);
    if (known === undefined) sums.set(user, [amount]);
    else known.push(known[known.length - 1] + amount);
  }
  const expected: string[] = [];
  const got: string[] = [];
  const reached = new Map<string, number>();
  for (const { value } of rows) {
    const [user, n, total] = [String(value?.['user']), Number(value?.['n']), Number(value?.['total'])];
    got.push(text(user, n, total));
    // What goes back is a row that was given before.
    if (n > (reached.get(user) ?? 0) && sums.get(user)?.[n - 1] === total) expected.push(text(user, n, total));
    reached.set(user, Math.max(n, reached.get(user) ?? 0));
  }
  for (const [user, known] of sums)
    if (reached.get(user) !== known.length) expected.push(text(user, known.length, known[known.length - 1]));
  return { expected, got };
}

function sessionsOf(events: readonly Event[]): string[] {
  const byUser = new Map<string, Event[]>();
  for (const event of events) {
    const of = byUser.get(event.user);
    if (of === undefined) byUser.set(event.user, [event]);
    else of.push(event);
  }
  const sessions: string[] = [];
  for (const [user, of] of byUser) {
    of.sort((a, b) => a.at - b.at);
    let [start, last, n, total] = [of[0].at, of[0].at, 0, 0];
    for (const { at, amount } of of) {
      if (at > last + SESSION_GAP_MS) {
        sessions.push(text(user, start, last + SESSION_GAP_MS, n, total));
        [start, n, total] = [at, 0, 0];
      }
      last = at;
      n++;
      total += amount;
    }
    sessions.push(text(user, start, last + SESSION_GAP_MS, n, total));
  }
  return sessions;
}

/** The last row of each key that was not taken back. */
function standing(rows: readonly Output[]): Readonly<Record<string, unknown>>[] {
  const last = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { key, value } of rows) {
    if (value === null) last.delete(JSON.stringify(key));
    else last.set(JSON.stringify(key), value);
  }
  return [...last.values()];
}

function add(groups: Map<string, { n: number; total: number }>, key: string, amount: number): void {
  const group = groups.get(key) ?? { n: 0, total: 0 };
  group.n++;
  group.total += amount;
  groups.set(key, group);
}

/** As one line; a time of avsc is a number of ms. */
function text(...values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' ');
}
