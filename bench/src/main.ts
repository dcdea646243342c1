/** `pnpm bench`: runs the workloads on rta and its peers in turns, on a Kafka of its own, and writes `bench/RESULTS.md`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AvroSchema } from '@rta/dsl';
import { confluentRegistry, type SchemaRegistry } from '@rta/registry';
import { openKafkaLog, type Log } from '@rta/runtime';
import { KAFKA_VERSION, startCluster, type Cluster } from '@rta/tools';
import { outputCheck } from './check.js';
import { describeMachine } from './machine.js';
import { peers } from './peers/index.js';
import type { Peer, RunResult } from './peers/peer.js';
import { figuresOf, pageOf, tableOf, type PeerResult, type WorkloadResult } from './results.js';
import { writeScores, type ScoresInput } from './scores-input.js';
import { workloads } from './workloads/index.js';
import type { Workload } from './workloads/workload.js';

const HELP = `pnpm bench [options]

  --quick       1,000,000 records and one run; for a look
  --records N   records of each workload's input (default 5,000,000)
  --runs N      runs of each engine, of which the median counts (default 5)
  --only NAME   only this workload, or only this engine beside rta; may be repeated
  --json        the figures as one JSON object on stdout

Writes bench/RESULTS.md, except with --quick, --records or --runs.
`;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCHEMA = join(ROOT, 'schemas/user_score.avsc');
const PARTITIONS = 4;
const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url));

interface BenchOptions {
  readonly records: number;
  readonly runs: number;
  readonly json: boolean;
  /** Only a full run is worth keeping. */
  readonly write: boolean;
  readonly only: readonly string[];
}

const options = optionsOf(process.argv.slice(2));
if (options !== null) await bench(options);

async function bench({ records, runs, json, write, only }: BenchOptions): Promise<void> {
  build();
  const cluster = await startCluster();
  // Ctrl-C reaches the children by itself.
  process.once('SIGINT', () => void cluster.stop().then(() => process.exit(130)));
  const log = await openKafkaLog({ brokers: [cluster.env.KAFKA_BROKERS] });
  const bed: TestBed = { cluster, log, registry: confluentRegistry({ url: cluster.env.SCHEMA_REGISTRY_URL }), inputs: new Map() };
  try {
    const results: WorkloadResult[] = [];
    for (const workload of workloads.filter(({ name }) => matches(only, name, workloads))) {
      const against = peers.filter((peer, i) => peer.takes(workload) && (i === 0 || matches(only, peer.name, peers)));
      results.push(await measure(bed, workload, against, records, runs));
      if (!json) process.stdout.write(`\n${workload.name}: ${workload.description}\n\n${tableOf(results.at(-1)!)}\n\n`);
    }
    const machine = describeMachine(KAFKA_VERSION);
    if (json) process.stdout.write(`${JSON.stringify({ machine, results: results.map((r) => ({ ...r, figures: figuresOf(r) })) })}\n`);
    if (write) writeFileSync(RESULTS, pageOf(machine, results, existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''));
  } finally {
    await log.close();
    await cluster.stop();
  }
}

interface TestBed {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Input topics that are there, by name. */
  readonly inputs: Map<string, { readonly input: ScoresInput; readonly recordBytes: number }>;
}

/** The engines in turns, so that what else the machine does meets all of them. */
async function measure(bed: TestBed, workload: Workload, against: readonly Peer[], records: number, runs: number): Promise<WorkloadResult> {
  const { input, recordBytes } = await inputOf(bed, workload, records);
  const check = outputCheck(workload, input, bed.log, bed.registry);
  const results = against.map(({ name, description }): PeerResult & { runs: RunResult[] } => ({ peer: name, description, runs: [] }));
  for (let run = 1; run <= runs; run++)
    for (const [i, peer] of against.entries()) {
      const directory = mkdtempSync(join(tmpdir(), 'rta-bench-'));
      try {
        const id = `bench-${workload.name}-${i}-${run}`;
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
  const topic = `scores-of-${users}`;
  let known = inputs.get(topic);
  if (known === undefined) {
    say(`writing ${records.toLocaleString('en-US')} records to ${topic}`);
    const input = { topic, records, users, partitions: PARTITIONS };
    const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as AvroSchema;
    inputs.set(topic, (known = { input, recordBytes: await writeScores(log, registry, schema, input) }));
  }
  return known;
}

/** The processes under test are compiled JavaScript, as installed. */
function build(): void {
  say('compiling');
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${ROOT}`));
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-b', 'packages/cli', 'bench'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the sources do not compile:\n${stdout}`);
}

/** Whether `name` is meant, where none of its kind is named all are. */
function matches(only: readonly string[], name: string, kind: readonly { readonly name: string }[]): boolean {
  return only.includes(name) || !kind.some((one) => only.includes(one.name));
}

/** Null where help was asked for. */
function optionsOf(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      records: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return null;
  }
  const full = !values.quick && values.records === undefined && values.runs === undefined;
  return {
    records: countOf('--records', values.records ?? (values.quick ? '1000000' : '5000000')),
    runs: countOf('--runs', values.runs ?? (values.quick ? '1' : '5')),
    json: values.json,
    write: full,
    only: values.only,
  };
}

function countOf(option: string, text: string): number {
  const count = Number(text.replaceAll(/[,_]/g, ''));
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${option} takes a whole number from 1 on, not ${text}`);
  return count;
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
