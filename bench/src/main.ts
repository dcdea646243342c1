/** `pnpm bench`: measures rta and its peers on a Kafka of its own, and writes `bench/RESULTS.md`, `results.json` and pictures. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { confluentRegistry } from '@rta/registry';
import { openKafkaLog } from '@rta/runtime';
import { KAFKA_VERSION, startCluster } from '@rta/tools';
import { measureBrowser } from './browser/browser.js';
import { browserSection, browserTable } from './browser/report.js';
import { full, peersOf, printRows, quick } from './compare.js';
import { measureGrowth, mergedGrowth } from './growth/growth.js';
import { growthPictures, growthSections, growthTable } from './growth/report.js';
import { readKept, writeKept, writePage, writePictures } from './kept.js';
import { LATENCY_PEERS, measureLatency } from './latency/latency.js';
import { latencyPictures, latencySections, latencyTable } from './latency/report.js';
import { describeMachine } from './machine.js';
import { say, type TestBed } from './measure.js';
import { HELP, optionsOf, type BenchOptions } from './options.js';
import type { Peer } from './peers/peer.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Of a short run, from its start; the rest of the three minutes is for stopping what runs. */
const QUICK_MS = 160_000;

const options = optionsOf(process.argv.slice(2));
if (options === null) process.stdout.write(HELP);
else await bench(options);

async function bench(options: BenchOptions): Promise<void> {
  for (const peer of peersFor(options)) await peer.prepare?.();
  const signal = options.quick && options.command === 'compare' ? AbortSignal.timeout(QUICK_MS) : undefined;
  build();
  const cluster = await startCluster();
  for (const [name, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const])
    process.once(name, () => void cluster.stop().then(() => process.exit(code)));
  const log = await openKafkaLog({ brokers: [cluster.env.KAFKA_BROKERS] });
  const registry = confluentRegistry({ url: cluster.env.SCHEMA_REGISTRY_URL });
  const bed: TestBed = { cluster, log, registry, inputs: new Map(), signal, runs: 0 };
  try {
    if (options.command === 'latency') await latency(bed, options);
    else if (options.command === 'growth') await growth(bed, options);
    else if (options.command === 'browser') await browser(bed, options);
    else if (options.quick) await quick(bed, options);
    else await full(bed, options);
  } finally {
    await log.close();
    await cluster.stop();
  }
}

function peersFor(options: BenchOptions): Iterable<Peer> {
  if (options.command === 'compare') return peersOf(options);
  return options.command === 'latency' && !options.quick ? LATENCY_PEERS : [];
}

async function latency(bed: TestBed, { quick, json, write }: BenchOptions): Promise<void> {
  const rows = await measureLatency(bed, quick);
  const machine = describeMachine(KAFKA_VERSION);
  if (json) printRows(machine, rows);
  else process.stdout.write(`\n${latencyTable(rows)}\n\n`);
  if (!write) return;
  writeKept({ ...readKept(), latency: rows });
  writePage(machine, latencySections(rows));
  writePictures(latencyPictures(rows));
}

async function growth(bed: TestBed, { records, runs, only, json, write }: BenchOptions): Promise<void> {
  const rows = await measureGrowth(bed, records, runs, only);
  const machine = describeMachine(KAFKA_VERSION);
  if (json) printRows(machine, rows);
  else process.stdout.write(`\n${growthTable(rows)}\n\n`);
  if (!write) return;
  const kept = readKept();
  writeKept({ ...kept, growth: mergedGrowth(kept.growth, rows) });
  writePage(machine, growthSections(rows));
  writePictures(growthPictures(rows));
}

async function browser(bed: TestBed, { rate, seconds, json, write }: BenchOptions): Promise<void> {
  const rows = [await measureBrowser(bed, rate, seconds)];
  const machine = describeMachine(KAFKA_VERSION);
  if (json) printRows(machine, rows);
  else process.stdout.write(`\n${browserTable(rows)}\n\n`);
  if (write) writePage(machine, [browserSection(rows)]);
}

/** The processes under test are compiled JavaScript, as installed. */
function build(): void {
  say('compiling');
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${ROOT}`));
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-b', 'packages/cli', 'bench'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the sources do not compile:\n${stdout}`);
}
