/** `pnpm bench latency`: how long after an event a consumer of committed records sees its result. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from '@rta/runtime';
import { run } from '../child.js';
import { deleteTopicsOf, PARTITIONS, say, type TestBed } from '../measure.js';
import type { Peer } from '../peers/peer.js';
import { rta } from '../peers/rta.js';
import { streamsExactlyOnce } from '../peers/streams.js';
import { createTopic, type ScoresInput } from '../scores-input.js';
import { sum } from '../workloads/sums.js';
import { top } from '../workloads/top.js';
import type { Workload } from '../workloads/workload.js';
import { LEADERS, type Schedule } from './schedule.js';
import type { Percentiles } from './tracker.js';

/** A row of `bench/results.json`. */
export interface LatencyRow extends Percentiles {
  readonly workload: string;
  readonly peer: string;
  /** Events per second. */
  readonly rate: number;
  readonly seconds: number;
  /** Events that no result has shown half a minute after the last one was due: it, or the producer, could not keep up. */
  readonly missing: number;
  /** Until the broker had the event, which is part of the rest: the 99th percentile, ms. */
  readonly producerP99: number;
  /** What should not be exceeded, ms; null where nothing is set. */
  readonly targetP50: number | null;
  readonly targetP99: number | null;
}

/** Those that take part. */
export const LATENCY_PEERS: readonly Peer[] = [rta, streamsExactlyOnce];

const RATES = [1000, 20_000, 100_000];
/** The sums by themselves, one transactional hop; and the leaderboard, which is two. `users`: whose events show in the result. */
const BOARDS: readonly { readonly workload: Workload; readonly hops: number; readonly users: number }[] = [
  { workload: sum, hops: 1, users: 4000 },
  { workload: top, hops: 2, users: LEADERS },
];
const SECONDS = 60;
/** The events of the first seconds are not counted: groups settle, functions are compiled. */
const WARM_UP_SECONDS = 10;
/** A short run: only rta, and not for long. */
const QUICK = { seconds: 8, warmUpSeconds: 4 };
/** After the last event, for results that are late. */
export const PATIENCE_MS = 30_000;
/** For an engine to join its group. */
const JOIN_MS = 180_000;
/** From there to the first event: the other processes start meanwhile. */
export const LEAD_MS = 4000;
export const PRODUCER = fileURLToPath(new URL('../../dist/latency/producer-process.js', import.meta.url));
const CONSUMER = fileURLToPath(new URL('../../dist/latency/consumer-process.js', import.meta.url));

/** All rates, results and engines; `quick`: a few seconds of each, and rta alone. Rejects where a result counts what was not sent. */
export async function measureLatency(bed: TestBed, quick: boolean): Promise<LatencyRow[]> {
  const { seconds, warmUpSeconds } = quick ? QUICK : { seconds: SECONDS, warmUpSeconds: WARM_UP_SECONDS };
  const rows: LatencyRow[] = [];
  for (const { workload, hops, users } of BOARDS)
    for (const rate of RATES)
      for (const peer of quick ? [rta] : LATENCY_PEERS) {
        const measured = await measureOne(bed, workload, peer, users, rate, seconds, warmUpSeconds);
        rows.push({ workload: workload.name, peer: peer.name, rate, seconds, ...measured, ...targetsOf(hops, rate, peer) });
        const { p50, p99, producerP99, missing } = measured;
        say(
          `${workload.name}, ${peer.name}, ${rate} events/s: p50 ${p50} ms, p99 ${p99} ms (of which the producer ${producerP99} ms)` +
            (missing > 0 ? `; ${missing} events not seen ${PATIENCE_MS / 1000} s after the last was due` : ''),
        );
      }
  return rows;
}

function targetsOf(hops: number, rate: number, peer: Peer): Pick<LatencyRow, 'targetP50' | 'targetP99'> {
  if (peer !== rta) return { targetP50: null, targetP99: null };
  if (rate <= 20_000) return { targetP50: 80 * hops, targetP99: 300 * hops };
  return { targetP50: null, targetP99: hops > 1 ? 1000 : null };
}

async function measureOne(
  bed: TestBed,
  workload: Workload,
  peer: Peer,
  users: number,
  rate: number,
  seconds: number,
  warmUpSeconds: number,
): Promise<Percentiles & { missing: number; producerP99: number }> {
  const { log, registry, cluster } = bed;
  const id = `latency-${workload.name}-${++bed.runs}`;
  const topic = `${id}-events`;
  const events = rate * (warmUpSeconds + seconds);
  const directory = mkdtempSync(join(tmpdir(), 'rta-bench-'));
  const input: ScoresInput = { topics: [topic], partitions: PARTITIONS, records: events, users };
  const ending = new AbortController();
  const signal = bed.signal === undefined ? ending.signal : AbortSignal.any([bed.signal, ending.signal]);
  const { promise: live, resolve: end } = withResolvers();
  try {
    const schemaId = await createTopic(log, registry, topic, PARTITIONS);
    const check = () => Promise.resolve();
    const engine = peer.run({ workload, input, id, directory, env: cluster.env, check, live, signal });
    const measuring = async () => {
      await joined(log, peer.group(id));
      const schedule: Schedule = { startMs: Date.now() + LEAD_MS, rate, events };
      const when = [schedule.startMs, rate, events];
      const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl } = cluster.env;
      const node = (args: readonly (string | number)[]) => run(process.execPath, args.map(String), { signal });
      const [produced, consumed] = await Promise.all([
        node([PRODUCER, brokers, topic, PARTITIONS, schemaId, ...when]),
        node([CONSUMER, brokers, registryUrl, id, `${id}-consumer`, users, rate * warmUpSeconds, PATIENCE_MS, ...when]),
      ]);
      end();
      const { behindMs } = JSON.parse(produced.stdout) as { behindMs: number };
      return { ...(JSON.parse(consumed.stdout) as Percentiles & { missing: number }), producerP99: behindMs };
    };
    const [measured] = await Promise.all([measuring(), engine]);
    return measured;
  } finally {
    // Where one has failed the others are still there.
    end();
    ending.abort();
    rmSync(directory, { recursive: true, force: true });
    await deleteTopicsOf(log, id);
  }
}

/** Resolves when somebody is in the group. */
export async function joined(log: Log, group: string): Promise<void> {
  const deadline = performance.now() + JOIN_MS;
  while (performance.now() < deadline) {
    if ((await log.groupMembers(group)).length > 0) return;
    await sleep(200);
  }
  throw new Error(`nobody has joined ${group} within ${JOIN_MS / 1000} s`);
}

export function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
