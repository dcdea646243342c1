/** Runs workloads on a cluster, the engines in turns. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AvroSchema } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import type { Cluster } from '@rta/tools';
import { outputCheck } from './check.js';
import type { Peer, RunResult } from './peers/peer.js';
import type { PeerResult, WorkloadResult } from './results.js';
import { writeScores, type ScoresInput } from './scores-input.js';
import type { Workload } from './workloads/workload.js';

const SCHEMA = fileURLToPath(new URL('../../schemas/user_score.avsc', import.meta.url));
const PARTITIONS = 4;

/** What the runs share. */
export interface TestBed {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Input topics that are there, by name. */
  readonly inputs: Map<string, { readonly input: ScoresInput; readonly recordBytes: number }>;
  /** Runs so far: makes their names. */
  runs: number;
}

/** The engines in turns, so that what else the machine does meets all of them. Rejects where a result is wrong. */
export async function measure(
  bed: TestBed,
  workload: Workload,
  against: readonly Peer[],
  records: number,
  runs: number,
): Promise<WorkloadResult> {
  const { input, recordBytes } = await inputOf(bed, workload, records);
  const check = outputCheck(workload, input, bed.log, bed.registry);
  const results = against.map((peer): PeerResult & { runs: RunResult[] } => ({
    peer: peer.name,
    description: peer.description,
    targets: peer.targets(workload),
    runs: [],
  }));
  for (let run = 1; run <= runs; run++)
    for (const [i, peer] of against.entries()) {
      const directory = mkdtempSync(join(tmpdir(), 'rta-bench-'));
      try {
        const id = `bench-${workload.name}-${++bed.runs}`;
        const result = await peer.run({ workload, input, id, directory, env: bed.cluster.env, check });
        results[i].runs.push(result);
        const { insideSeconds, wholeSeconds } = result;
        const rate = Math.round(records / insideSeconds).toLocaleString('en-US');
        say(
          `${workload.name} ${run}, ${peer.name}: ${rate} records/s (${insideSeconds.toFixed(2)} s inside, ${wholeSeconds.toFixed(2)} s whole)`,
        );
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
  return { workload: workload.name, description: workload.description, records, recordBytes, peers: results };
}

/** Writes the input where no earlier workload has. */
async function inputOf(
  { log, registry, inputs }: TestBed,
  { users }: Workload,
  records: number,
): Promise<{ input: ScoresInput; recordBytes: number }> {
  const topic = `scores-${records}-of-${users}`;
  let known = inputs.get(topic);
  if (known === undefined) {
    say(`writing ${records.toLocaleString('en-US')} records to ${topic}`);
    const input = { topic, records, users, partitions: PARTITIONS };
    const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as AvroSchema;
    inputs.set(topic, (known = { input, recordBytes: await writeScores(log, registry, schema, input) }));
  }
  return known;
}

/** Progress, which is not the result. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
