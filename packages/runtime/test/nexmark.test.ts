/** The Nexmark queries of `pipelines/nexmark` on its data, compared with the results that are known of them. */
import { readdirSync, readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, parseProject, renderAll, type AvroSchema, type Plan, type Type, type Value } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { codecFor, frame, unframe } from '@rta/registry';
import { expect, it } from 'vitest';
import { openEmbeddedLog } from '../src/log/embedded/open.js';
import { openPipeline } from '../src/pipeline.js';
import { memoryStateStores } from '../src/state/memory-store.js';
import { preparePlan } from '../src/testing/prepare-plan.js';
import { finalRows, topicReader, writtenRows } from '../src/testing/topic-rows.js';

const ROOT = join(import.meta.dirname, '../../..');
const DATA = join(ROOT, 'pipelines/nexmark/data');
const AVRO = { codecFor, frame, unframe };

/** The columns that are compared, in the order of the expected rows. */
const queries: Readonly<Record<string, readonly string[]>> = {
  q0: ['auction', 'bidder', 'price', 'date_time'],
  q1: ['auction', 'bidder', 'price', 'date_time'],
  q2: ['auction', 'price'],
  q3: ['name', 'city', 'state', 'id'],
  q4: ['category', 'average'],
  q5: ['auction', 'num'],
  q7: ['auction', 'price', 'bidder', 'date_time'],
  q9: [
    ...['id', 'item_name', 'description', 'initial_bid', 'reserve', 'opened', 'expires', 'seller', 'category'],
    ...['auction', 'bidder', 'price', 'bid_time'],
  ],
  q14: ['auction', 'bidder', 'price', 'bid_time_type', 'date_time', 'c_counts'],
  q15: [
    ...['day', 'total_bids', 'rank1_bids', 'rank2_bids', 'rank3_bids'],
    ...['total_bidders', 'rank1_bidders', 'rank2_bidders', 'rank3_bidders'],
    ...['total_auctions', 'rank1_auctions', 'rank2_auctions', 'rank3_auctions'],
  ],
  q17: ['auction', 'day', 'total_bids', 'rank1_bids', 'rank2_bids', 'rank3_bids', 'min_price', 'max_price', 'avg_price', 'sum_price'],
  q20: [
    ...['auction', 'bidder', 'price', 'channel', 'url', 'date_time', 'extra', 'item_name', 'description', 'initial_bid', 'reserve'],
    ...['auction_date_time', 'expires', 'seller', 'category', 'auction_extra'],
  ],
  q21: ['auction', 'bidder', 'price', 'channel', 'channel_id'],
  q22: ['auction', 'bidder', 'price', 'channel', 'dir1', 'dir2', 'dir3'],
};

const cases = Object.entries(queries).flatMap(([query, columns]) => [1, 3].map((partitions) => [query, partitions, columns] as const));

it.each(cases)('%s of %i partitions', async (query, partitions, columns) => {
  const expected = readFileSync(join(DATA, `expected/${query}.txt`), 'utf8')
    .trim()
    .split('\n');
  expect((await results(planOf(query), partitions, columns)).sort()).toEqual(expected.map(comparable).sort());
});

it('covers every pipeline', () => {
  const files = readdirSync(join(ROOT, 'pipelines/nexmark')).filter((name) => name.endsWith('.yaml'));
  expect(
    Object.keys(queries)
      .map((query) => `${query}.yaml`)
      .sort(),
  ).toEqual(files.sort());
});

function planOf(query: string): Plan {
  const read = (path: string): { path: string; text: string } => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });
  const { plan, diagnostics } = compile({
    file: read(`pipelines/nexmark/${query}.yaml`),
    project: parseProject(read('pipelines/rta.yaml'), {}).project,
    loadSchema: (name) => ({ schema: JSON.parse(read(`schemas/${name}.avsc`).text) as AvroSchema }),
    schemaNames: () => [],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(renderAll(diagnostics));
  return plan;
}

/** What the query comes to when all records of its sources are read and all windows closed. */
async function results(plan: Plan, partitions: number, columns: readonly string[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'rta-nexmark-'));
  const log = await openEmbeddedLog(directory, { sync: false, compactEveryMs: Infinity });
  try {
    const { schemas, sinkSchemaIds, compileStage, encoders } = preparePlan(plan, AVRO);
    const options = { schemas, sinkSchemaIds, compileStage, stores: memoryStateStores(), createSources: true };
    const { worker } = await openPipeline({ ...options, plan, log, defaultPartitions: partitions });
    for (const [topic, encoder] of encoders) {
      const values = readFileSync(join(DATA, `${topic}.jsonl`), 'utf8')
        .trim()
        .split('\n');
      const batches = values.map((line, i) => {
        const record = { time: null, values: JSON.parse(line) as Record<string, Value>, span: encoder.source.span };
        return { ...encoder.encode(record, encoder.timeOf(record, 0)), partition: i % partitions };
      });
      await log.append(batches);
    }
    await worker.drain('close');
    await worker.finish();
    const [{ topic }] = plan.sinks;
    const reader = topicReader(plan, topic, AVRO)!;
    const types = columns.map((name) => reader.columns.find((column) => column.name === name)!.type);
    return finalRows(await writtenRows(log, topic, reader), reader).map(({ row }) =>
      comparable(columns.map((name, i) => printed(row[name], types[i])).join(' ')),
    );
  } finally {
    await log.close();
    rmSync(directory, { recursive: true });
  }
}

/** As the expected rows have it: times to the second, or the millisecond where there are some. */
function printed(value: Value, type: Type): string {
  if (value === null) return 'NULL';
  switch (type.kind) {
    case 'nullable':
      return printed(value, type.of);
    case 'timestamp':
      return new Date(Number(value))
        .toISOString()
        .replace('T', ' ')
        .replace(/(\.000)?Z$/, '');
    case 'date':
      return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
    case 'decimal':
      return String(Number(value) / 10 ** type.scale);
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}

/** Whitespace collapsed; numbers with a point to 15 digits, however many were written. */
function comparable(row: string): string {
  const numbers = row.replace(/(?<= |^)\d+\.\d+(?= |$)/g, (digits) => String(Number(Number(digits).toPrecision(15))));
  return numbers.replace(/\s+/g, ' ').trim();
}
