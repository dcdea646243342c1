/** Rollups of a sink `table:`: whatever comes, changes and leaves, they are what a plain recomputation of the table's rows gives. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SinkNode, showTimestamp, type TableTarget } from '@rta/dsl';
import { OlapStore, readOlap, TableSink } from '@rta/serve/delivery';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadPipelines } from '../../src/project/load.js';
import { temporaryDirectory } from '../support/cli.js';

const RUNS = Math.min(Number(process.env['LAW_RUNS'] ?? 5), 40);
const [HOUR, DAY] = [3_600_000, 86_400_000];
const START = Date.UTC(2026, 0, 1, 22);
const TEAMS = ['red', 'blue', "o'neil"];

const SCHEMA = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'team', type: 'string' },
    { name: 'amount', type: 'long' },
    { name: 'tip', type: ['null', 'double'], default: null },
    { name: 'placed', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};
const ROLLUPS = `    rollups:
      by_hour:
        every: 1h
        groupBy: team
        aggregate:
          orders: count()
          tips: count(tip)
          total: sum(amount)
          least: min(amount)
          people: count(distinct amount)
          about: approxDistinct(amount)
          large: 'sum(amount) where amount >= 5 and team in ["red", "o''neil"]'
          average: avg(tip)
          newest: max($time)
      by_day: { every: 1d, aggregate: { orders: count(), tips: sum(tip) }, ttl: 30d }
`;

/** The sinks `latest`, a table by id, and `raw`, a stream. */
async function sinks(rollups = ROLLUPS): Promise<readonly [latest: SinkNode, raw: SinkNode]> {
  const cwd = temporaryDirectory();
  for (const name of ['pipelines', 'schemas']) mkdirSync(join(cwd, name));
  writeFileSync(join(cwd, 'schemas/order.avsc'), JSON.stringify(SCHEMA));
  const text = `pipeline: orders
sources:
  orders: { topic: orders, kind: table, key: id, schema: order, format: { key: avro, value: avro }, time: placed }
  all: { topic: all, schema: order, time: placed }
sinks:
  latest:
    from: orders
    table: rows
${rollups}  raw:
    from: all
    table: rows2
${rollups.replaceAll('by_', 'all_by_')}`;
  writeFileSync(join(cwd, 'pipelines/orders.yaml'), text);
  const { pipelines, diagnostics } = await loadPipelines({ cwd, env: {} }, []);
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  const [latest, raw] = pipelines[0].plan!.sinks;
  return [latest, raw];
}

interface Order {
  readonly id: number;
  readonly team: string;
  readonly amount: number;
  readonly tip: number | null;
}
type Change = { readonly id: number; readonly time: number; readonly row: Order | null };

function batchOf(changes: readonly Change[], from: number) {
  const items = changes.map(({ id, time, row }, i) => ({
    ...{ partition: 0, offset: from + i, time, bytes: 10, id: String(id), key: { id } },
    row: row === null ? null : { ...row, placed: time },
  }));
  return { items, next: new Map([[0, from + items.length]]) };
}

/** The rows of a table, in an order of their own, without what is about right. */
async function rowsOf(file: string, table: string): Promise<Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  const sql = `SELECT COLUMNS(name -> name <> 'about') FROM ${table}`;
  const limits = { limit: 100_000, timeMs: 60_000 };
  await readOlap(file, {
    sql,
    ...limits,
    take: (some, columns) => rows.push(...some.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))) > 0,
  });
  return sorted(rows);
}

function sorted<T extends object>(rows: readonly T[]): T[] {
  const text = (row: T): string => JSON.stringify(Object.entries(row).sort());
  return [...rows].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

const shown = showTimestamp;

/** What the rollups are, by definition. */
function expectedOf(rows: readonly Change[], everyMs: number, byTeam: boolean): object[] {
  const groups = new Map<string, Change[]>();
  for (const change of rows) {
    const key = JSON.stringify([Math.floor(change.time / everyMs) * everyMs, byTeam ? change.row!.team : null]);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups].map(([key, group]) => {
    const [start, team] = JSON.parse(key) as [number, string];
    const of = group.map(({ row }) => row!);
    const amounts = of.map(({ amount }) => amount);
    const tips = of.flatMap(({ tip }) => tip ?? []);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const window = { window_start: shown(start), window_end: shown(start + everyMs) };
    if (!byTeam) return { ...window, orders: of.length, tips: sum(tips) };
    const large = of.filter(({ amount, team: name }) => amount >= 5 && name !== 'blue').map(({ amount }) => amount);
    return {
      ...{ team, ...window, orders: of.length, tips: tips.length, total: sum(amounts) },
      ...{ least: Math.min(...amounts), people: new Set(amounts).size },
      ...{ large: sum(large), average: tips.length === 0 ? null : sum(tips) / tips.length },
      newest: shown(Math.max(...group.map(({ time }) => time))),
    };
  });
}

describe('rollups', { timeout: 300_000 }, () => {
  it('are what the rows of the table come to, whatever came, changed and left, and wherever it was stopped', async () => {
    const [latest, raw] = await sinks();
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000), (seed) => law(latest, raw, random(seed))),
      { numRuns: RUNS },
    );
  });

  it('stay as they are where rows have expired, until they expire themselves', async () => {
    const [latest] = await sinks();
    const file = join(temporaryDirectory(), 'olap.duckdb');
    const olap = await OlapStore.open(file);
    let now = START + DAY;
    const target = { ...(latest.store as TableTarget), ttlMs: DAY };
    const sink = new TableSink(olap, latest, target, () => now);
    await sink.begin(new Map([[0, null]]));
    const order = (id: number, time: number): Change => ({ id, time, row: { id, team: 'red', amount: 1, tip: 1 } });
    await sink.write(batchOf([order(1, START), order(2, START + HOUR), order(3, START + 3 * HOUR)], 0));
    now += HOUR / 2;
    await sink.maintain();
    // Of a span that has lost a row, and of one that has not.
    await sink.write(batchOf([order(4, START + 1000), order(5, START + HOUR)], 3));
    await sink.maintain();
    await sink.finish();
    await olap.close();
    const hours = (await rowsOf(file, 'by_hour')).map(({ window_start, orders }) => `${String(window_start)} ${String(orders)}`);
    expect(hours).toEqual([`${shown(START)} 1`, `${shown(START + HOUR)} 2`, `${shown(START + 3 * HOUR)} 1`]);
    expect((await rowsOf(file, 'rows')).map(({ id }) => id)).toEqual([2, 3, 4, 5]);

    const again = await OlapStore.open(file);
    const later = new TableSink(again, latest, target, () => START + 35 * DAY);
    await later.begin(new Map([[0, null]]));
    await later.maintain();
    await again.close();
    expect(await rowsOf(file, 'by_day')).toEqual([]);
    expect(await rowsOf(file, 'by_hour')).toHaveLength(3);
  });

  it('are made of the rows that are there when they are new, or others than before', async () => {
    const file = join(temporaryDirectory(), 'olap.duckdb');
    const open = async (rollups: string, changes: readonly Change[], from: number): Promise<void> => {
      const [latest] = await sinks(rollups);
      const olap = await OlapStore.open(file);
      const sink = new TableSink(olap, latest, latest.store as TableTarget);
      await sink.begin(new Map([[0, null]]));
      await sink.write(batchOf(changes, from));
      await sink.finish();
      await olap.close();
    };
    const order = (id: number, amount: number): Change => ({ id, time: START, row: { id, team: 'red', amount, tip: null } });
    const rollup = (aggregate: string): string => `    rollups: { by_day: { every: 1d, aggregate: { ${aggregate} } } }\n`;
    await open('', [order(1, 1)], 0);
    await open(rollup('n: count()'), [order(2, 5)], 1);
    const window = { window_start: shown(START - 22 * HOUR), window_end: shown(START + 2 * HOUR) };
    expect(await rowsOf(file, 'by_day')).toEqual([{ ...window, n: 2 }]);
    await open(rollup('total: sum(amount)'), [], 2);
    expect(await rowsOf(file, 'by_day')).toEqual([{ ...window, total: 6 }]);
  });
});

async function law(latest: SinkNode, raw: SinkNode, next: (below: number) => number): Promise<void> {
  const file = join(temporaryDirectory(), 'olap.duckdb');
  const table = new Map<number, Change>();
  const all: Change[] = [];
  let offset = 0;
  for (let opened = 0; opened < 3; opened++) {
    const olap = await OlapStore.open(file);
    const both = [latest, raw].map((sink) => new TableSink(olap, sink, sink.store as TableTarget));
    for (const sink of both) await sink.begin(new Map([[0, null]]));
    for (let batches = next(4); batches >= 0; batches--) {
      const changes = Array.from({ length: next(12) }, (): Change => {
        const [id, time] = [next(15), START + 1000 * next((6 * HOUR) / 1000)];
        if (next(4) === 0) return { id, time, row: null };
        // Quarters add up exactly in any order.
        const tip = next(3) === 0 ? null : next(40) / 4;
        return { id, time, row: { id, team: TEAMS[next(TEAMS.length)], amount: next(10) - 2, tip } };
      });
      const appended = changes.filter(({ row }) => row !== null);
      await both[0].write(batchOf(changes, offset));
      await both[1].write(batchOf(appended, offset));
      offset += changes.length + 1;
      for (const change of changes) {
        if (change.row === null) table.delete(change.id);
        else table.set(change.id, change);
      }
      all.push(...appended);
    }
    // The others leave what they noted for the next to work out.
    if (opened === 2) for (const sink of both) await sink.finish();
    await olap.close();
  }
  for (const [prefix, rows] of [
    ['', [...table.values()]],
    ['all_', all],
  ] as const)
    for (const [name, everyMs] of [
      ['by_hour', HOUR],
      ['by_day', DAY],
    ] as const)
      expect(await rowsOf(file, `${prefix}${name}`)).toEqual(sorted(expectedOf(rows, everyMs, everyMs === HOUR)));
}

/** Numbers from a seed: a multiplicative generator (MINSTD). */
function random(seed: number): (below: number) => number {
  let state = seed * 7919 + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
