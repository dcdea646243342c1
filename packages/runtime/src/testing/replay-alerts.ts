/** Which incidents a pipeline's alerts would have found in what was recorded: the engine itself, on a log of its own; nobody is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan, Row, TestInput } from '@rta/dsl';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import { records } from '../log/batch/records.js';
import { openEmbeddedLog } from '../log/embedded/open.js';
import type { Log } from '../log/log.js';
import { openPipeline } from '../pipeline.js';
import { memoryStateStores } from '../state/memory-store.js';
import type { SchemaSource } from '../task/writer-schema.js';
import { FIRST_TIME } from './encode-given.js';
import { preparePlan, type PreparedPlan } from './prepare-plan.js';
import type { AvroSupport } from './test-schemas.js';
import { sinkReader, writtenRows } from './topic-rows.js';

/** Rows of sources; or the source topics of a log, up to their ends. */
export type Recorded =
  | { readonly kind: 'rows'; readonly inputs: readonly TestInput[] }
  | { readonly kind: 'topics'; readonly log: Log; readonly schemas: SchemaSource };

export interface ReplayOptions {
  readonly avro: AvroSupport;
  /** Windows that are open at the end are closed. */
  readonly close: boolean;
}

/**
 * The transitions that would have gone to the topic of the alerts, by time; none where the plan has no alerts. Rejects with PipelineError, as
 * the pipeline itself would end, and with LogError where the recorded topics cannot be read.
 */
export async function replayAlerts(plan: Plan, recorded: Recorded, { avro, close }: ReplayOptions): Promise<readonly Row[]> {
  const sink = plan.sinks.find(({ id }) => id === 'alerts');
  if (sink === undefined) return [];
  const alone: Plan = {
    ...plan,
    sources: plan.sources.map((source) => ({ ...source, start: 'earliest', idleMs: null })),
    sinks: [sink],
  };
  const prepared = preparePlan(alone, avro);
  const directory = mkdtempSync(join(tmpdir(), 'rta-alerts-'));
  const log = await openEmbeddedLog(directory, { sync: false, compactEveryMs: Infinity });
  try {
    if (recorded.kind === 'rows') await writeRows(recorded.inputs, prepared, log);
    else for (const topic of new Set(plan.sources.map((source) => source.topic))) await copyTopic(topic, recorded.log, log);
    const { worker } = await openPipeline({
      plan: recorded.kind === 'rows' ? prepared.plan : { ...alone, topics: [] },
      log,
      stores: memoryStateStores(),
      schemas: recorded.kind === 'rows' ? prepared.schemas : recorded.schemas,
      sinkSchemaIds: prepared.sinkSchemaIds,
      compileStage: prepared.compileStage,
      defaultPartitions: 1,
      createSources: true,
      judgesIdle: () => false,
    });
    await worker.drain(close ? 'close' : undefined);
    await worker.finish();
    const written = await writtenRows(log, sink.topic, sinkReader(sink, avro));
    return written.map(({ row }) => row).sort((a, b) => Number(a.at) - Number(b.at));
  } finally {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function writeRows(inputs: readonly TestInput[], { encoders }: PreparedPlan, log: Log): Promise<void> {
  await log.ensureTopics([...encoders.keys()].map((name) => ({ name, partitions: 1 })));
  let time = FIRST_TIME;
  for (const { topic, records: rows } of inputs) {
    const encoder = encoders.get(topic);
    if (encoder === undefined) continue; // a source that no alert depends on
    const batches = rows.map((row) => encoder.encode(row, (time = encoder.timeOf(row, time))));
    if (batches.length > 0) await log.append(batches);
  }
}

/** The records as they are, in the same partitions. */
async function copyTopic(topic: string, from: Log, to: Log): Promise<void> {
  const offsets = await from.offsets(topic);
  await to.ensureTopics([{ name: topic, partitions: offsets.length }]);
  for (const { partition, low, stable } of offsets)
    for await (const batch of from.read(topic, partition, low, stable)) {
      const builder = new BatchBuilder(topic, partition);
      for (const { offset, timestamp, key, value, rawHeaders } of records(batch, low))
        if (offset < stable) builder.append(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, rawHeaders);
      const batches = builder.take();
      if (batches.length > 0) await to.append(batches);
    }
}
