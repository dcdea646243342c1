/**
 * The same random input to Kafka Streams and to a pipeline: the rows in the end are equal. PEER_RUNS and PEER_SEED change how many cases
 * there are of each comparison, and which.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@rta/cli';
import { missingFor } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOnKafkaStreams, STREAMS_DRIVER, type Case, type InputRecord, type Written } from './kafka-streams.js';
import { seeded, type Random } from './random.js';
import { COMPARISONS, type Comparison, type ExpectedRow } from './topologies.js';

const RUNS = Number(process.env['PEER_RUNS'] ?? 30);
const SEED = Number(process.env['PEER_SEED'] ?? Math.floor(Date.now() / 86_400_000));
/** After all windows; nothing closes those of the last records. */
const END = 1_000_000;

const missing = missingFor(STREAMS_DRIVER);
if (missing.length > 0) process.stderr.write(`\nLEFT OUT: the comparison with Kafka Streams. ${missing.join('. ')}\n\n`);

const directory = mkdtempSync(join(tmpdir(), 'rta-peers-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe.skipIf(missing.length > 0)(`Kafka Streams and rta agree (PEER_SEED=${SEED})`, () => {
  const cases = COMPARISONS.map((comparison, index) => casesOf(comparison, seeded(SEED * 1000 + index)));
  let answers: readonly (readonly Written[])[];

  beforeAll(async () => {
    answers = await runOnKafkaStreams(cases.flat());
  }, 300_000);

  it.each(COMPARISONS.map((comparison, index) => [comparison.name, index] as const))('%s', async (_name, index) => {
    const comparison = COMPARISONS[index];
    const first = cases.slice(0, index).flat().length;
    const tests = cases[index].map(({ records }, i) => ({ records, rows: comparison.rows(answers[first + i], records) }));
    // Random cases that gave nothing would prove nothing.
    expect(tests.flatMap(({ rows }) => rows).length).toBeGreaterThan(cases[index].length);
    await expectRows(comparison, tests);
  });
});

function casesOf(comparison: Comparison, random: Random): readonly Case[] {
  const { topology, settings } = comparison;
  return Array.from({ length: RUNS }, () => ({ topology, settings, records: recordsOf(comparison, random) }));
}

/** Records out of order by at most `disorderMs`, with jumps in time; one of each topic in the end, which closes what is before it. */
function recordsOf({ topics, disorderMs, nulls }: Comparison, random: Random): readonly InputRecord[] {
  const records: InputRecord[] = [];
  const below = (n: number): number => Math.floor(random() * n);
  const isNull = (): boolean => nulls === true && random() < 0.08;
  let latest = 1000;
  for (let left = below(25); left > 0; left--) {
    latest += random() < 0.15 ? below(60) : below(5);
    const key = isNull() ? null : 'abc'.charAt(below(3));
    const value = isNull() ? null : String(below(30) - 5);
    records.push({ topic: topics[below(topics.length)], key, value, at: latest - below(disorderMs + 1) });
  }
  return [...records, ...topics.map((topic): InputRecord => ({ topic, key: `end ${topic}`, value: '0', at: END }))];
}

interface PeerTest {
  readonly records: readonly InputRecord[];
  readonly rows: readonly ExpectedRow[];
}

/** Runs a pipeline on the records of each test, by `rta test`. */
async function expectRows({ name, topics, disorderMs, table, pipeline }: Comparison, tests: readonly PeerTest[]): Promise<void> {
  const project = join(directory, name.replaceAll(/\W+/g, '-'));
  mkdirSync(join(project, 'schemas'), { recursive: true });
  for (const [schema, nullable] of [
    ['event', true],
    ['row', false],
  ] as const)
    writeFileSync(join(project, 'schemas', `${schema}.avsc`), JSON.stringify(schemaOf(schema, nullable)));
  const sources = topics.map((topic) => {
    const kind =
      table === true && topic === 'two' ? 'schema: row, kind: table, key: user, format: { key: string, value: avro }' : 'schema: event';
    return `  ${topic}: { topic: ${topic}, ${kind}, time: at, lateness: ${disorderMs}ms }\n`;
  });
  const given = (records: readonly InputRecord[], of: string): string[] =>
    records
      .filter(({ topic }) => topic === of)
      .map(({ key, value, at }) => `        - { $time: ${at}, user: ${String(key)}, points: ${String(value)} }\n`);
  const texts = tests.map(({ records, rows }, i) =>
    [
      `  case ${i}:\n    given:\n`,
      ...topics.flatMap((topic) => [`      ${topic}:\n`, ...given(records, topic)]),
      '    expect:\n      out:',
      rows.length === 0 ? ' []\n' : '\n',
      ...rows.map((row) => `        - ${JSON.stringify(row)}\n`),
    ].join(''),
  );
  writeFileSync(
    join(project, 'peer.yaml'),
    `pipeline: peer\nsources:\n${sources.join('')}${pipeline.trimStart()}\ntests:\n${texts.join('')}`,
  );
  let printed = '';
  const output = { write: (text: string) => (printed += text) };
  const code = await runCli(['test', 'peer.yaml'], {
    stdout: output,
    stderr: output,
    env: {},
    cwd: project,
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(printed.replaceAll(/^ {2}✓.*\n/gm, ''));
}

function schemaOf(name: string, nullable: boolean): object {
  const type = (of: string): unknown => (nullable ? ['null', of] : of);
  const at = { type: 'long', logicalType: 'timestamp-millis' };
  return {
    type: 'record',
    name,
    fields: [
      { name: 'user', type: type('string') },
      { name: 'points', type: type('long') },
      { name: 'at', type: at },
    ],
  };
}
