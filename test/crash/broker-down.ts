/** Kills the broker when a request of a kind is on its way to it, and starts it again; and has it end in good order. */
import { API, type KafkaProxy } from '@rta/tools';
import { setTimeout as delay } from 'node:timers/promises';
import type { Blows } from './crash.js';
import { until } from './until.js';

/** Kinds of requests; null: the broker ends in good order, whatever is on its way. */
type Moments = Readonly<Record<string, number | null>>;

export const MOMENTS = {
  produce: API.produce,
  'offset commit': API.txnOffsetCommit,
  EndTxn: API.endTxn,
  'good order': null,
} as const satisfies Moments;

export interface BrokerDown {
  /** How often the broker went away. */
  readonly times: number;
  /** ms from its coming back to commits in all pipelines, at most. */
  readonly slowestMs: number;
}

const PLACES = 2;
const PATIENCE_MS = 180_000;
/** ms after the request has gone by, at most: sometimes it has been done by then, sometimes not. */
const AFTER_MS = 12;

/** So many rounds of all moments, on a system with a proxy. Rejects when the pipelines do not go on by themselves. */
export const brokerDown =
  (rounds: number, moments: Moments = MOMENTS): Blows<BrokerDown> =>
  async ({ system, random, say }) => {
    const { cluster, proxy } = system;
    if (cluster === undefined || proxy === undefined) throw new Error('the broker must be our own, behind a proxy');
    for (let place = 0; place < PLACES; place++) if (system.processes[place]?.running !== true) system.run(place);
    await until('all are at work', () => system.running().every((each) => each.atWork()), PATIENCE_MS);
    let [times, slowestMs] = [0, 0];
    for (let round = 0; round < rounds; round++)
      for (const [name, kind] of Object.entries(moments)) {
        await delay(Math.floor(random() * 1_000));
        if (kind !== null) {
          await requestOf(proxy, kind);
          await delay(Math.floor(random() * AFTER_MS));
          await cluster.kafka.kill('SIGKILL');
        }
        await cluster.kafka.restart();
        const back = performance.now();
        const before = new Map(system.running().map((each) => [each, each.commits()]));
        const goOn = (): boolean => {
          const live = system.running();
          return live.length === before.size && live.every((each) => each.hasCommittedSince(before.get(each)!));
        };
        await until(`commits after ${name}`, goOn, PATIENCE_MS);
        slowestMs = Math.max(slowestMs, Math.round(performance.now() - back));
        times++;
        say(
          `${times}/${rounds * Object.keys(moments).length}: the broker goes at ${name}; all commit again ${Math.round(performance.now() - back)} ms after its return`,
        );
      }
    return { times, slowestMs };
  };

/** Resolves as soon as a request of that kind goes by. */
function requestOf(proxy: KafkaProxy, kind: number): Promise<void> {
  return new Promise((resolve) => {
    proxy.fate = (apiKey) => {
      if (apiKey === kind) {
        proxy.fate = () => 'pass';
        resolve();
      }
      return 'pass';
    };
  });
}
