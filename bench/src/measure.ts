/** Runs workloads on a cluster, the engines in turns. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@rta/dsl/message-of';
import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import type { Cluster } from '@rta/tools';
import { outputCheck } from './check.js';
import type { Peer, RunResult } from './peers/peer.js';
import type { PeerResult, WorkloadResult } from './results.js';
import { writeScores, type ScoresInput } from './scores-input.js';
import type { Workload } from './workloads/workload.js';

export const PARTITIONS = 4;

/** What the runs share. */
export interface TestBed {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Inputs that are there, by the names of their topics. */
  readonly inputs: Map<string, { readonly input: ScoresInput; readonly recordBytes: number }>;
  /** Ends what runs, where there is no more time. */
  readonly signal?: AbortSignal | undefined;
  /** Runs so far: makes their names. */
  runs: number;
}

/**
 * The engines in turns, so that what else the machine does meets all of them. One that runs out of its memory is left out, and named. Rejects
 * where a result is wrong.
 *
 * @param each gets what has been measured so far, whenever each engine had its turn
 */
export async function measure(
  bed: TestBed,
  workload: Workload,
  against: readonly Peer[],
  asked: number,
  runs: number,
  each: (soFar: WorkloadResult) => void = () => undefined,
): Promise<WorkloadResult> {
  const { input, recordBytes } = await inputOf(bed, workload, asked);
  const { records } = input;
  const check = outputCheck(workload, input, bed.log, bed.registry);
  const results = against.map((peer): PeerResult & { runs: RunResult[] } => ({
    peer: peer.name,
    description: peer.description,
    targets: peer.targets(workload),
    runs: [],
  }));
  const outOfMemory = new Set<string>();
  const soFar = (): WorkloadResult => ({
    workload: workload.name,
    description: workload.description,
    records,
    recordBytes,
    peers: results.filter(({ peer }) => !outOfMemory.has(peer)),
    outOfMemory: [...outOfMemory],
  });
  for (let run = 1; run <= Math.min(runs, workload.mostRuns ?? runs); run++) {
    for (const [i, peer] of against.entries()) {
      if (outOfMemory.has(peer.name)) continue;
      const directory = mkdtempSync(join(tmpdir(), 'rta-bench-'));
      const id = `bench-${workload.name}-${++bed.runs}`;
      try {
        const result = await peer.run({ workload, input, id, directory, env: bed.cluster.env, check, signal: bed.signal });
        results[i].runs.push(result);
        const { insideSeconds, wholeSeconds } = result;
        const rate = Math.round(records / insideSeconds).toLocaleString('en-US');
        say(
          `${workload.name} ${run}, ${peer.name}: ${rate} records/s (${insideSeconds.toFixed(2)} s inside, ${wholeSeconds.toFixed(2)} s whole)`,
        );
      } catch (error) {
        if (i === 0 || !messageOf(error).includes('java.lang.OutOfMemoryError')) throw error;
        say(`${workload.name} ${run}, ${peer.name}: ran out of its memory, and is left out`);
        outOfMemory.add(peer.name);
      } finally {
        rmSync(directory, { recursive: true, force: true });
        await deleteTopicsOf(bed.log, id);
      }
    }
    each(soFar());
  }
  return soFar();
}

/** Output, changelogs and the like: hundreds of runs would fill the disk. */
export async function deleteTopicsOf(log: Log, id: string): Promise<void> {
  const own = new RegExp(`(^|\\W)${id}($|\\D)`);
  const names = (await log.topics()).map(({ name }) => name).filter((name) => own.test(name));
  if (names.length > 0) await log.deleteTopics(names);
}

/** Writes the input where no earlier workload has. */
async function inputOf(
  { log, registry, inputs }: TestBed,
  workload: Workload,
  asked: number,
): Promise<{ input: ScoresInput; recordBytes: number }> {
  const draw = workload.draw(asked);
  const name = `scores-${draw.records}-of-${draw.users}${draw.mostlyNew === true ? '-new' : ''}`;
  const topics = workload.topics === 2 ? [`${name}-even`, `${name}-odd`] : [name];
  const key = topics.join(' ');
  let known = inputs.get(key);
  if (known === undefined) {
    say(`writing ${draw.records.toLocaleString('en-US')} records to ${topics.join(' and ')}`);
    const input = { ...draw, topics, partitions: PARTITIONS };
    inputs.set(key, (known = { input, recordBytes: await writeScores(log, registry, input) }));
  }
  return known;
}

/** Progress, which is not the result. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
