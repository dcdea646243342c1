/** `pnpm bench`: runs the workloads on rta and its peers in turns, on a Kafka of its own, and writes `bench/RESULTS.md` and `results.json`. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { confluentRegistry } from '@rta/registry';
import { openKafkaLog } from '@rta/runtime';
import { KAFKA_VERSION, startCluster } from '@rta/tools';
import { comparisonsOf, fallen, merged, type Kept } from './comparisons.js';
import { describeMachine } from './machine.js';
import { measure, say, type TestBed } from './measure.js';
import { peers } from './peers/index.js';
import { measureQuick } from './quick.js';
import { pageOf, tableOf, type WorkloadResult } from './results.js';
import { workloads } from './workloads/index.js';

const HELP = `pnpm bench [options]

  --quick       500,000 records, one run of rta and of the engines with figures to reach, within three minutes (of which fetching
                jars, the first time, is not part); fails where a ratio fell by more than 30 % against the one in bench/results.json
  --records N   records of each workload's input (default 5,000,000)
  --runs N      runs of each engine, of which the median counts (default 5)
  --only NAME   only this workload, or only this engine beside rta; may be repeated
  --json        one JSON object a line: the version and the machine, then a row per comparison (workload, peer, ratio, target, ...)

Writes bench/RESULTS.md and bench/results.json, except with --quick, --records or --runs. A full run ends with a short one, whose
ratios are what --quick goes by.
`;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
const KEPT = fileURLToPath(new URL('../results.json', import.meta.url));
/** Of what `--json` prints. Fields may be added within a version. */
const JSON_VERSION = 1;
/** Of a short run; the rest of the three minutes is for stopping what runs. */
const QUICK_MS = 160_000;

interface BenchOptions {
  readonly quick: boolean;
  readonly records: number;
  readonly runs: number;
  readonly json: boolean;
  /** Only a full run is worth keeping. */
  readonly write: boolean;
  readonly only: readonly string[];
}

const options = optionsOf(process.argv.slice(2));
if (options !== null) await bench(options);

async function bench(options: BenchOptions): Promise<void> {
  const started = performance.now();
  build();
  const cluster = await startCluster();
  // Ctrl-C reaches the children by itself.
  process.once('SIGINT', () => void cluster.stop().then(() => process.exit(130)));
  const log = await openKafkaLog({ brokers: [cluster.env.KAFKA_BROKERS] });
  const registry = confluentRegistry({ url: cluster.env.SCHEMA_REGISTRY_URL });
  const bed: TestBed = { cluster, log, registry, inputs: new Map(), runs: 0 };
  const kept: Kept = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Kept) : { full: [], quick: [] };
  try {
    if (options.quick) await quick(bed, options, kept, started + QUICK_MS);
    else await full(bed, options, kept);
  } finally {
    await log.close();
    await cluster.stop();
  }
}

async function full(bed: TestBed, { records, runs, json, write, only }: BenchOptions, kept: Kept): Promise<void> {
  const results: WorkloadResult[] = [];
  for (const workload of workloads.filter(({ name }) => matches(only, name, workloads))) {
    const against = peers.filter((peer, i) => peer.takes(workload) && (i === 0 || matches(only, peer.name, peers)));
    results.push(await measure(bed, workload, against, records, runs));
    if (!json) print(results.at(-1)!);
  }
  const machine = describeMachine(KAFKA_VERSION);
  if (json) printRows(machine, results);
  if (!write) return;
  writeFileSync(RESULTS, pageOf(machine, results, existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''));
  say('and a short run, for --quick to go by');
  const short = comparisonsOf(await measureQuick(bed, [], Infinity));
  const rows: Kept = { full: merged(kept.full, comparisonsOf(results)), quick: merged(kept.quick, short) };
  writeFileSync(KEPT, `${JSON.stringify(rows, null, 2)}\n`);
}

async function quick(bed: TestBed, { json }: BenchOptions, kept: Kept, deadline: number): Promise<void> {
  const results = await measureQuick(bed, kept.quick, deadline);
  if (json) printRows(describeMachine(KAFKA_VERSION), results);
  else results.forEach(print);
  for (const { row, before } of fallen(comparisonsOf(results), kept.quick)) {
    say(`${row.workload}, ${row.peer}: rta is ${row.ratio} times as fast, not ${before} as in bench/results.json`);
    process.exitCode = 1;
  }
}

function print(result: WorkloadResult): void {
  process.stdout.write(`\n${result.workload}: ${result.description}\n\n${tableOf(result)}\n\n`);
}

function printRows(machine: Readonly<Record<string, string>>, results: readonly WorkloadResult[]): void {
  for (const row of [{ bench: JSON_VERSION, machine }, ...comparisonsOf(results)]) process.stdout.write(`${JSON.stringify(row)}\n`);
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
  const { quick, records, runs, json, only } = values;
  if (quick && (records !== undefined || runs !== undefined || only.length > 0))
    throw new Error('--quick measures the same every time: it goes with --json only');
  return {
    quick,
    records: countOf('--records', records ?? '5000000'),
    runs: countOf('--runs', runs ?? '5'),
    json,
    write: !quick && records === undefined && runs === undefined,
    only,
  };
}

function countOf(option: string, text: string): number {
  const count = Number(text.replaceAll(/[,_]/g, ''));
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${option} takes a whole number from 1 on, not ${text}`);
  return count;
}
