/** A project whose sinks are no topics, and orders for it: how many there are and what they come to is known. */
import { Buffer } from 'node:buffer';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchBuilder, openEmbeddedLog, type Log } from '@rta/runtime';
import { temporaryDirectory } from '../support/cli.js';

const TEAMS = 7;
const PARTITIONS = 2;
const START = Date.UTC(2026, 0, 1);

const SCHEMA = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'team', type: 'string' },
    { name: 'amount', type: 'long' },
    { name: 'placed', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};

/** @param sinks as YAML, indented by two; `totals` is a table by team, `shop` the orders themselves. Returns its directory. */
export function shopProject(sinks: string): string {
  const directory = temporaryDirectory();
  for (const name of ['pipelines', 'schemas']) mkdirSync(join(directory, name));
  writeFileSync(join(directory, 'schemas/order.avsc'), JSON.stringify(SCHEMA));
  writeFileSync(
    join(directory, 'pipelines/shop.yaml'),
    `pipeline: shop
sources:
  shop: { topic: orders, schema: order, format: json, time: placed }
streams:
  totals:
    from: shop
    steps:
      - groupBy: team
        aggregate: { total: sum(amount), orders: count() }
sinks:
${sinks}`,
  );
  return directory;
}

/** Appends so many orders. */
export async function sendOrders(log: Log, from: number, count: number): Promise<void> {
  await log.ensureTopics([{ name: 'orders', partitions: PARTITIONS }]);
  const builders = Array.from({ length: PARTITIONS }, (_, partition) => new BatchBuilder('orders', partition, 50_000));
  for (let id = from; id < from + count; id++) {
    const order = { id, team: `team-${String(id % TEAMS)}`, amount: id % 100, placed: START + id };
    const value = Buffer.from(JSON.stringify(order));
    builders[id % PARTITIONS].append(START + id, null, 0, 0, value, 0, value.length, null);
  }
  await log.append(builders.flatMap((builder) => builder.take()));
}

/** The same, into the embedded log of a project that does not run. */
export async function appendOrders(directory: string, from: number, count: number): Promise<void> {
  const log = await openEmbeddedLog(join(directory, '.rta/log'));
  await sendOrders(log, from, count);
  await log.close();
}

/** What the table of totals has after orders 0 to `count` - 1. */
export function totalsOf(count: number): readonly { readonly team: string; readonly total: number; readonly orders: number }[] {
  const ids = Array.from({ length: count }, (_, id) => id);
  return Array.from({ length: TEAMS }, (_, team) => {
    const own = ids.filter((id) => id % TEAMS === team);
    return { team: `team-${String(team)}`, total: own.reduce((sum, id) => sum + (id % 100), 0), orders: own.length };
  });
}
