/** `pnpm bench`: rta and its peers on the workloads, in full or in short. */
import { KAFKA_VERSION } from '@rta/tools';
import { comparisonsOf, fallen, merged } from './comparisons.js';
import { readKept, writeKept, writePage } from './kept.js';
import { describeMachine } from './machine.js';
import { measure, say, type TestBed } from './measure.js';
import type { BenchOptions } from './options.js';
import { peers, quickPeers } from './peers/index.js';
import type { Peer } from './peers/peer.js';
import { measureQuick } from './quick.js';
import { sectionOf, tableOf, type WorkloadResult } from './results.js';
import { quickWorkloads, workloads } from './workloads/index.js';

/** Those that a run will need. */
export function peersOf({ quick, only }: BenchOptions): Iterable<Peer> {
  return quick ? new Set(quickWorkloads.flatMap(quickPeers)) : peers.filter(({ name }) => matches(only, name, peers));
}

export async function full(bed: TestBed, { records, runs, json, write, only }: BenchOptions): Promise<void> {
  const machine = describeMachine(KAFKA_VERSION);
  if (json) printRows(machine, []);
  for (const workload of workloads.filter(({ name }) => matches(only, name, workloads))) {
    const against = peers.filter((peer, i) => peer.takes(workload) && (i === 0 || matches(only, peer.name, peers)));
    // At once: a run takes more than an hour, and one that is broken off keeps what it has measured.
    const result = await measure(bed, workload, against, records, runs, write ? keep : undefined);
    if (json) printLines(comparisonsOf([result]));
    else print(result);
  }
  if (!write) return;
  say('and a short run, for --quick to go by');
  // All of it, so that nothing stays that it does not measure any more.
  const short = comparisonsOf(await measureQuick(bed, []));
  writeKept({ ...readKept(), quick: short });
}

function keep(result: WorkloadResult): void {
  writePage(describeMachine(KAFKA_VERSION), [sectionOf(result)]);
  const kept = readKept();
  writeKept({ ...kept, full: merged(kept.full, comparisonsOf([result])) });
}

/** Sets the exit code where a ratio has fallen, or nothing could be measured. */
export async function quick(bed: TestBed, { json }: BenchOptions): Promise<void> {
  const kept = readKept();
  const results = await measureQuick(bed, kept.quick);
  // A gate that has measured nothing lets nothing through.
  if (results.length === 0) process.exitCode = 1;
  if (json) printRows(describeMachine(KAFKA_VERSION), comparisonsOf(results));
  else results.forEach(print);
  for (const { row, before } of fallen(comparisonsOf(results), kept.quick)) {
    say(`${row.workload}, ${row.peer}: rta is ${row.ratio} times as fast, not ${before} as in bench/results.json`);
    process.exitCode = 1;
  }
}

/** Of what `--json` prints. Fields may be added within a version. */
const JSON_VERSION = 1;

/** The version and the machine, then the rows, a line each. */
export function printRows(machine: Readonly<Record<string, string>>, rows: readonly object[]): void {
  printLines([{ bench: JSON_VERSION, machine }, ...rows]);
}

function printLines(rows: readonly object[]): void {
  for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
}

function print(result: WorkloadResult): void {
  process.stdout.write(`\n${result.workload}: ${result.description}\n\n${tableOf(result)}\n\n`);
}

/** Whether `name` is meant, where none of its kind is named all are. */
function matches(only: readonly string[], name: string, kind: readonly { readonly name: string }[]): boolean {
  return only.includes(name) || !kind.some((one) => only.includes(one.name));
}
