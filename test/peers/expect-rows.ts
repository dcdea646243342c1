/** The other side of a comparison: a pipeline that is given the same records, by `rta test`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@rta/cli';
import type { InputRecord } from './kafka-streams.js';
import type { ExpectedRow, PeerPipeline } from './comparisons.js';

export interface PeerTest {
  readonly records: readonly InputRecord[];
  readonly rows: readonly ExpectedRow[];
}

/** Runs a pipeline on the records of each test; throws with what differs. */
export async function expectRows(peer: PeerPipeline, tests: readonly PeerTest[]): Promise<void> {
  const project = mkdtempSync(join(tmpdir(), 'rta-peers-'));
  try {
    mkdirSync(join(project, 'schemas'));
    for (const schema of ['event', 'row'] as const)
      writeFileSync(join(project, `schemas/${schema}.avsc`), JSON.stringify(schemaOf(schema)));
    writeFileSync(join(project, 'peer.yaml'), textOf(peer, tests));
    let printed = '';
    const output = { write: (text: string) => (printed += text) };
    const { signal } = new AbortController();
    const code = await runCli(['test', 'peer.yaml'], { stdout: output, stderr: output, env: {}, cwd: project, signal });
    if (code !== 0) throw new Error(printed.replaceAll(/^ {2}✓.*\n/gm, ''));
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** The pipeline file; its tests are JSON, which is YAML too. */
function textOf({ topics, disorderMs, tables = [], oneByOne, pipeline }: PeerPipeline, tests: readonly PeerTest[]): string {
  const sources = topics.map((topic) => {
    const kind = tables.includes(topic) ? 'schema: row, kind: table, key: user, format: { key: string, value: avro }' : 'schema: event';
    return `  ${topic}: { topic: ${topic}, ${kind}, time: at, lateness: ${disorderMs}ms }\n`;
  });
  const row = ({ topic, key, value, at }: InputRecord): object => {
    const isDeletion = value === null && tables.includes(topic);
    return { $time: at, user: key, ...(isDeletion ? { $deleted: true } : { points: value === null ? null : Number(value) }) };
  };
  const cases = tests.map(({ records, rows }, i) => {
    const expect = { out: rows };
    const given = topics.map((topic) => [topic, records.filter((record) => record.topic === topic).map(row)]);
    const sent = records.map((record) => ({ send: { [record.topic]: [row(record)] } }));
    return [`case ${i}`, oneByOne === true ? { steps: [...sent, { expect }] } : { given: Object.fromEntries(given), expect }];
  });
  return `pipeline: peer\nsources:\n${sources.join('')}${pipeline.trimStart()}\ntests: ${JSON.stringify(Object.fromEntries(cases))}\n`;
}

/** In an event anything may be missing, in a row of a table nothing. */
function schemaOf(name: 'event' | 'row'): object {
  const typed = (type: string): unknown => (name === 'event' ? ['null', type] : type);
  const at = { type: 'long', logicalType: 'timestamp-millis' };
  return {
    type: 'record',
    name,
    fields: [
      { name: 'user', type: typed('string') },
      { name: 'points', type: typed('long') },
      { name: 'at', type: at },
    ],
  };
}
