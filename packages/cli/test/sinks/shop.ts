/** A project whose sinks are no topics, and orders for it: how many there are and what they come to is known. */
import { Buffer } from 'node:buffer';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchBuilder, openEmbeddedLog, openKafkaLog, type Log } from '@rta/runtime';
import { temporaryDirectory } from '../support/cli.js';
import type { KafkaEnv } from '../support/use-kafka.js';

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

export interface Shop {
  /** Of the project. */
  readonly directory: string;
  readonly pipeline: string;
  /** Where its commands find brokers and registry; on the embedded log, nothing. */
  readonly env: Readonly<Record<string, string>>;
  /** Appends so many orders; an embedded log is nobody else's meanwhile. */
  readonly send: (from: number, count: number) => Promise<void>;
}

/**
 * Writes the project.
 *
 * @param sinks as YAML, indented by two; `totals` is a table by team, `shop` the orders themselves
 * @param kafka where it has a pipeline and topics that no other has; default: it works on the embedded log
 */
export function openShop(sinks: string, kafka?: KafkaEnv): Shop {
  const directory = temporaryDirectory();
  const pipeline = kafka === undefined ? 'shop' : `shop-${process.pid}-${Date.now().toString(36)}`;
  const topic = `orders-of-${pipeline}`;
  for (const name of ['pipelines', 'schemas']) mkdirSync(join(directory, name));
  writeFileSync(join(directory, 'schemas/order.avsc'), JSON.stringify(SCHEMA));
  writeFileSync(
    join(directory, 'pipelines/shop.yaml'),
    `pipeline: ${pipeline}
sources:
  shop: { topic: ${topic}, schema: order, format: json, time: placed }
streams:
  totals:
    from: shop
    steps:
      - groupBy: team
        aggregate: { total: sum(amount), orders: count() }
sinks:
${sinks}`,
  );
  const open = (): Promise<Log> =>
    kafka === undefined ? openEmbeddedLog(join(directory, '.rta/log')) : openKafkaLog({ brokers: kafka.KAFKA_BROKERS.split(',') });
  const send = async (from: number, count: number): Promise<void> => {
    const log = await open();
    await sendOrders(log, topic, from, count);
    await log.close();
  };
  return { directory, pipeline, env: { ...kafka }, send };
}

async function sendOrders(log: Log, topic: string, from: number, count: number): Promise<void> {
  await log.ensureTopics([{ name: topic, partitions: PARTITIONS }]);
  const builders = Array.from({ length: PARTITIONS }, (_, partition) => new BatchBuilder(topic, partition, 50_000));
  for (let id = from; id < from + count; id++) {
    const order = { id, team: `team-${String(id % TEAMS)}`, amount: id % 100, placed: START + id };
    const value = Buffer.from(JSON.stringify(order));
    builders[id % PARTITIONS].append(START + id, null, 0, 0, value, 0, value.length, null);
  }
  await log.append(builders.flatMap((builder) => builder.take()));
}

/** What the table of totals has after orders 0 to `count` - 1. */
export function totalsOf(count: number): readonly { readonly team: string; readonly total: number; readonly orders: number }[] {
  const ids = Array.from({ length: count }, (_, id) => id);
  return Array.from({ length: TEAMS }, (_, team) => {
    const own = ids.filter((id) => id % TEAMS === team);
    return { team: `team-${String(team)}`, total: own.reduce((sum, id) => sum + (id % 100), 0), orders: own.length };
  });
}
