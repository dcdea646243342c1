/**
 * `pnpm test [vitest's arguments]`: all tests, with a real broker and a real schema registry.
 *
 * Where `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL` are set, those are used. Otherwise both are started here and stopped at the end.
 * Where they cannot be started (no Java), or with `--no-kafka`, the tests that need them are left out, and a box at the end says so;
 * with CI=true that is a failure, and so is any other test that was skipped. What users install is compiled first. The last line is `N passed, N failed`.
 * `--long` (`pnpm test:long`, with LONG=1): those of `docs/reliability.md`, or the files named, one after the other.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { available } from './availability.js';
import { findChromium } from './chromium.js';
import { startCluster, type Cluster } from './cluster.js';
import { RELIABILITY_ROWS } from './reliability/rows.js';
import { box, closingLine, countTests, type TestCounts, type VitestReport } from './test-report.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The servers of a run: where they are found, or why there are none. */
interface Servers {
  readonly env: Readonly<Record<string, string>>;
  readonly leftOut: readonly string[];
  readonly cluster?: Cluster;
}

async function main(args: readonly string[]): Promise<number> {
  const ci = process.env['CI'] === 'true';
  const vitestArgs = args.filter((arg) => arg !== '--no-kafka' && arg !== '--long' && arg !== '--');
  if (args.includes('--long')) {
    // Nothing beside a test that measures.
    if (vitestArgs.length === 0) vitestArgs.push(...new Set(Object.values(RELIABILITY_ROWS).map(({ test }) => test)));
    vitestArgs.push('--no-file-parallelism');
  }
  const whole = vitestArgs.length === 0;
  // Some tests run what users install. Where it cannot be compiled they are skipped, and the rest says why.
  if (whole) compile();
  const servers = await findServers(args.includes('--no-kafka'));
  const interrupted = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'rta-test-'));
  let counts: TestCounts;
  let exitCode: number;
  try {
    const reportFile = join(folder, 'report.json');
    exitCode = await runVitest(vitestArgs, servers.env, reportFile, interrupted);
    counts = countTests(await readReport(reportFile), exitCode);
  } finally {
    await servers.cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  }

  const browser =
    findChromium() === null && whole
      ? ['LEFT OUT: the tests of the console.', 'They need Chromium on the PATH, or CHROMIUM naming it.']
      : [];
  const problems = servers.leftOut.length === 0 ? [] : ['LEFT OUT: the tests that need Kafka and a schema registry.', ...servers.leftOut];
  problems.push(...browser);
  const { clickhouse } = available();
  if (clickhouse.length > 0) problems.push('LEFT OUT: the tests of the sink clickhouse.', ...clickhouse);
  // Someone who names files or tests leaves the rest out on purpose.
  if (whole && counts.skipped > 0 && (ci || problems.length === 0))
    problems.push('SKIPPED:', ...counts.skippedTests.map((name) => `  ${name}`));
  if (ci && problems.length > 0) problems.push('In CI nothing may be left out: this run has failed.');
  if (problems.length > 0) process.stdout.write(`\n${box(problems)}\n`);
  process.stdout.write(`\n${closingLine(counts)}\n`);
  if (interrupted.signal.aborted) return 130;
  return exitCode !== 0 || counts.failed > 0 || (ci && problems.length > 0) ? 1 : 0;
}

function compile(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  process.stdout.write('Compiling …\n');
  spawnSync(process.execPath, [tsc, '-b'], { cwd: ROOT, stdio: 'inherit' });
}

async function findServers(without: boolean): Promise<Servers> {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL } = process.env;
  if (without) return { env: { KAFKA_BROKERS: '', SCHEMA_REGISTRY_URL: '' }, leftOut: ['As asked for, with --no-kafka.'] };
  if (KAFKA_BROKERS && SCHEMA_REGISTRY_URL) return { env: { KAFKA_BROKERS, SCHEMA_REGISTRY_URL }, leftOut: [] };
  const { kafka, registry } = available();
  const missing = [...kafka, ...registry];
  if (missing.length > 0) return { env: {}, leftOut: missing };
  process.stdout.write('Starting Kafka and a schema registry …\n');
  try {
    const cluster = await startCluster();
    return { env: cluster.env, leftOut: [], cluster };
  } catch (error) {
    return { env: {}, leftOut: (error instanceof Error ? error.message : String(error)).split('\n') };
  }
}

/** Runs vitest to its end; resolves to its exit code. */
function runVitest(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  reportFile: string,
  interrupted: AbortController,
): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const child = spawn(process.execPath, [vitest, ...options, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  forwardSignals(child, interrupted);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

/** So that an interrupted run still stops its servers and says what it counted. */
function forwardSignals(child: ChildProcess, interrupted: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort();
      child.kill(signal);
    });
  }
}

async function readReport(file: string): Promise<VitestReport | undefined> {
  if (!existsSync(file)) return undefined;
  return JSON.parse(await readFile(file, 'utf8')) as VitestReport;
}

process.exitCode = await main(process.argv.slice(2));
