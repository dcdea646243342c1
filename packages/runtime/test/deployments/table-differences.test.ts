/** What a rebuilt version writes when it takes over: the rows that differ, and no more of them in memory than is allowed. */
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableDifferences } from '../../src/deployments/table-differences.js';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { records } from '../../src/log/batch/records.js';
import { openEmbeddedLog } from '../../src/log/embedded/open.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import type { Log } from '../../src/log/log.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { unique } from '../log/outputs.js';
import { RUNS, SEED } from '../laws/settings.js';
import { compiled, temporaryDirectory } from '../task/project.js';
import { overlay } from '../overlay.js';

const PARTITIONS = 2;
const NOW = Date.UTC(2026, 0, 1);

interface Write {
  readonly to: 'wanted' | 'found';
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

const someWrite: fc.Arbitrary<Write> = fc.record({
  to: fc.constantFrom('wanted' as const, 'found' as const),
  partition: fc.nat(PARTITIONS - 1),
  key: fc.oneof({ weight: 20, arbitrary: fc.nat(30).map((n) => `k${n}`) }, { weight: 1, arbitrary: fc.constant(null) }),
  value: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('', 'a', 'b', 'x'.repeat(40), '\u00e9\u{1f642}') },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  timestamp: fc.nat(1000),
});

/** A pipeline whose table is in `topic`, with both topics made. */
async function tables(log: Log): Promise<{ plan: ReturnType<typeof planStages>; topic: Record<Write['to'], string> }> {
  const topic = unique('sink');
  const plan = planStages(
    compiled(`pipeline: ${unique('p')}
source: { topic: in, schema: user_score, time: event_time_millis }
steps:
  - groupBy: user_id
    aggregate: { total: sum(score) }
sink: { topic: ${topic} }
`),
  );
  const staging = `${plan.applicationId}-staging-${topic}`;
  await log.ensureTopics([topic, staging].map((name) => ({ name, partitions: PARTITIONS })));
  return { plan, topic: { wanted: staging, found: topic } };
}

async function write(log: Log, topic: Record<Write['to'], string>, writes: readonly Write[]): Promise<void> {
  const builders = new Map<string, BatchBuilder>();
  for (const { to, partition, key, value, timestamp } of writes) {
    const builder = builders.get(`${to}${partition}`) ?? new BatchBuilder(topic[to], partition, 300);
    builders.set(`${to}${partition}`, builder);
    const [keyBytes, valueBytes] = [key === null ? null : Buffer.from(key), value === null ? null : Buffer.from(value)];
    builder.append(timestamp, keyBytes, 0, keyBytes?.length ?? 0, valueBytes, 0, valueBytes?.length ?? 0, null);
  }
  await log.append([...builders.values()].flatMap((builder) => builder.take()));
}

type Row = readonly [partition: number, key: string, value: string | null, timestamp: number];

/** The newest of each key. */
function newest(writes: readonly Write[], to: Write['to'], partition: number): Map<string, Write> {
  const rows = new Map<string, Write>();
  for (const each of writes)
    if (each.to === to && each.partition === partition && each.key !== null) {
      if (each.value === null) rows.delete(each.key);
      else rows.set(each.key, each);
    }
  return rows;
}

function expected(writes: readonly Write[], shared: boolean): Row[] {
  return Array.from({ length: PARTITIONS }, (_, partition): Row[] => {
    const [wanted, found] = [newest(writes, 'wanted', partition), newest(writes, 'found', partition)];
    const other = [...wanted].filter(([key, { value }]) => found.get(key)?.value !== value);
    const gone = shared ? [] : [...found.keys()].filter((key) => !wanted.has(key));
    return [
      ...other.map(([key, { value, timestamp }]): Row => [partition, key, value, timestamp]),
      ...gone.map((key): Row => [partition, key, null, NOW]),
    ];
  }).flat();
}

async function found(log: Log, plan: ReturnType<typeof planStages>, topic: string, shared: boolean, heldBytes: number): Promise<Row[]> {
  const rows: Row[] = [];
  const parts = tableDifferences(log, plan, { shared: new Set(shared ? [topic] : []), now: NOW, heldBytes });
  for await (const part of parts)
    for (const { batch, partition } of part)
      for (const view of parseBatches(batch, { exact: true, verifyCrc: false }))
        for (const { key, value, timestamp } of records(view))
          rows.push([partition, Buffer.from(key!).toString(), value === null ? null : Buffer.from(value).toString(), timestamp]);
  return rows;
}

const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

describe(`the rows by which tables differ (seed ${SEED})`, () => {
  const directory = temporaryDirectory();
  let log: Log;
  beforeAll(async () => {
    log = await openEmbeddedLog(join(directory, 'log'));
  });
  afterAll(() => log.close());

  it('are those of a comparison of the whole tables, each once, however little is held', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(someWrite, { maxLength: 120 }),
        fc.boolean(),
        fc.constantFrom(1, 400, 2000, 1e9),
        async (writes, shared, heldBytes) => {
          const { plan, topic } = await tables(log);
          await write(log, topic, writes);
          expect(sorted(await found(log, plan, topic.found, shared, heldBytes))).toEqual(sorted(expected(writes, shared)));
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('are looked for in as many passes as that takes', async () => {
    const { plan, topic } = await tables(log);
    const writes = (['wanted', 'found'] as const).flatMap((to) =>
      Array.from({ length: 1000 }, (_, n): Write => ({
        to,
        partition: 0,
        key: `k${n}`,
        value: `${to} ${n % 3} ${'x'.repeat(80)}`,
        timestamp: n,
      })),
    );
    await write(log, topic, writes);
    let reads = 0;
    const counting = overlay(log, {
      read: (...args) => {
        reads++;
        return log.read(...args);
      },
    });
    expect(sorted(await found(counting, plan, topic.found, false, 1e9))).toEqual(sorted(expected(writes, false)));
    // Two topics with two partitions.
    expect(reads).toBe(4);
    reads = 0;
    const heldBytes = 20_000;
    const bytes = 1000 * 100;
    expect(sorted(await found(counting, plan, topic.found, false, heldBytes))).toEqual(sorted(expected(writes, false)));
    expect(reads).toBeGreaterThanOrEqual(2 * (bytes / heldBytes));
    // Halves that are full need another turn each at most.
    expect(reads).toBeLessThan(2 * 32);
  });
});
