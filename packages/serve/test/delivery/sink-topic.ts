/** A sink's topic on a real log, and rows in it: totals by team, as a table. */
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema, Column, SinkNode } from '@rta/dsl';
import { codecFor, embeddedRegistry, frame, type SchemaRegistry } from '@rta/registry';
import { BatchBuilder, type Log, openEmbeddedLog } from '@rta/runtime';
import { afterAll, beforeAll } from 'vitest';

const VALUE: AvroSchema = {
  type: 'record',
  name: 'Totals',
  fields: [
    { name: 'team', type: 'string' },
    { name: 'total', type: 'long' },
  ],
};
const COLUMNS: readonly Column[] = [
  { name: 'team', type: { kind: 'string' } },
  { name: 'total', type: { kind: 'long' } },
];

/** `null`: the row of the team is gone. */
type Change = readonly [team: string, total: number | null];

export interface SinkTopics {
  readonly log: () => Log;
  readonly registry: SchemaRegistry;
  /** A sink with a topic of its own. */
  readonly open: (partitions?: number) => Promise<SinkNode>;
  /** Event times are the totals, ms. */
  readonly write: (sink: SinkNode, changes: readonly Change[], partition?: number) => Promise<void>;
}

/** For a file of tests: opened before them, removed after them. */
export function useSinkTopics(): SinkTopics {
  const directory = mkdtempSync(join(tmpdir(), 'rta-sinks-'));
  const registry = embeddedRegistry(join(directory, 'registry'));
  const [values, keys] = [codecFor(VALUE), codecFor('string')];
  let log: Log;
  let ids: readonly [number, number];
  let topics = 0;
  beforeAll(async () => {
    log = await openEmbeddedLog(join(directory, 'log'), { sync: false });
    ids = [await registry.register('totals-value', VALUE), await registry.register('totals-key', 'string')];
  });
  afterAll(async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const open = async (partitions = 1): Promise<SinkNode> => {
    const topic = `p${String(topics++)}-totals`;
    await log.ensureTopics([{ name: topic, partitions }]);
    return {
      ...{ id: 'sink.totals', name: 'totals', input: 's', topic, format: 'avro', keyFormat: 'avro', key: ['team'], compacted: true },
      ...{ keySchema: 'string', valueSchema: VALUE, columns: COLUMNS, span: { source: { path: 'p.yaml', text: '' }, start: 0, end: 0 } },
    };
  };
  const write: SinkTopics['write'] = async ({ topic }, changes, partition = 0) => {
    const builder = new BatchBuilder(topic, partition);
    for (const [team, total] of changes) {
      const key = Buffer.from(frame(ids[1], keys.encode(team)));
      const value = total === null ? null : frame(ids[0], values.encode({ team, total }));
      builder.append(total ?? 0, key, 0, key.length, value, 0, value?.length ?? 0, null);
    }
    await log.append(builder.take());
  };
  return { log: () => log, registry, open, write };
}
