/**
 * Requests of every kind are held up, lost on the way there or back, or cut, while a pipeline runs: outcomes are read again and never
 * assumed, so its results are those of a plain recomputation, and each change of a total is one step on.
 */
import { API, type Fate, KafkaProxy, LONG, reportFigure } from '@rta/tools';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { Log } from '../../src/log/log.js';
import { unique } from '../log/outputs.js';
import { onKafka, withoutCluster } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const SEED = Number(process.env['FAULTS_SEED'] ?? 1);
const PARTITIONS = 2;
const SCORES = 200;
/** ms until a request without an answer counts as lost. */
const REQUEST_MS = 700;

const FATES: Readonly<Record<string, Fate>> = {
  'held up': { holdMs: 300 },
  'lost on the way there': 'swallowed',
  'lost on the way back': 'mute',
  cut: 'cut',
  // As a member alone meets them in `log/kafka-faults.test.ts`.
  ...(LONG ? { 'cut before the answer': 'unanswered', 'late, on another connection': { delayMs: 400 } } : {}),
};

/** The client waits for these as long as a rebalance may take, 35 s. */
const PATIENT: readonly string[] = ['joinGroup', 'syncGroup'];

describe.skipIf(withoutCluster)(`faults of requests (FAULTS_SEED=${SEED})`, () => {
  const backend = onKafka();
  let proxy: KafkaProxy;
  let shaky: Log;
  let schemaId: number;
  beforeAll(async () => {
    proxy = await KafkaProxy.start(backend.brokers);
    shaky = await openKafkaLog({ brokers: [proxy.address], requestTimeoutMs: REQUEST_MS });
    schemaId = await backend.registry.register('user-score-value', USER_SCORE);
  });
  afterAll(async () => {
    await shaky?.close();
    await proxy?.stop();
  });

  let [strikes, passed] = [0, 0];
  const kinds = Object.keys(API).filter((kind) => kind !== 'leaveGroup') as (keyof typeof API)[];

  it.each(Object.keys(FATES))('of every kind, %s', { timeout: 600_000 }, async (fate) => {
    const pipeline = unique('faults');
    const source = `${pipeline}-in`;
    await backend.log.ensureTopics([{ name: source, partitions: PARTITIONS }]);
    const plan = compiled(yaml(pipeline, source));
    const written: Score[] = [];
    const write = async (seed: number): Promise<void> => {
      const scores = drawScores(SCORES, 30, seed, Date.UTC(2026, 0, 1) + written.length);
      written.push(...scores);
      await backend.log.append(scoreBatches(source, PARTITIONS, scores, schemaId));
    };
    let seed = SEED * 1000;
    for (const kind of kinds) {
      if (!LONG && PATIENT.includes(kind) && (FATES[fate] === 'swallowed' || FATES[fate] === 'mute')) continue;
      await write(seed++);
      let struck = 0;
      // One while it starts, or as soon as there is one of the kind; and one of those that follow.
      const which = new Set([1, 2 + (seed % 4)]);
      let seen = 0;
      proxy.fate = (apiKey) => {
        if (apiKey !== API[kind] || !which.has(++seen)) return 'pass';
        struck++;
        return FATES[fate];
      };
      const worker = await backend.worker(plan, { log: shaky, sessionTimeoutMs: 3_000, transactionTimeoutMs: 10_000 });
      await worker.drain();
      if (kind === 'heartbeat') await delay(700);
      await write(seed++);
      await worker.drain();
      proxy.fate = () => 'pass';
      await worker.finish();
      expect(struck, kind).toBeGreaterThan(0);
      strikes += struck;
    }
    await expectRight(pipeline, written);
    passed++;
  });

  it('was struck by all of them', () => {
    expect(passed).toBe(Object.keys(FATES).length);
    reportFigure('requests', `${kinds.length} kinds × ${passed} fates, ${strikes} requests in all: results right; seed ${SEED}`);
  });

  async function expectRight(pipeline: string, written: readonly Score[]): Promise<void> {
    const copies = (await topicRows(backend.log, backend.registry, `${pipeline}-copy`)).map(({ value }) => [
      value!['user_id'],
      Number(value!['at']),
    ]);
    const key = (row: readonly unknown[]): string => row.join(' ');
    expect(copies.map(key).sort()).toEqual(
      written
        .filter(({ score }) => score > 10)
        .map(({ user_id, event_time_millis }) => key([user_id, event_time_millis]))
        .sort(),
    );
    // The records of a team come from several partitions: what is sure is that the count only grows, and where it ends.
    const last = new Map<string, { n: number; total: number }>();
    for (const { value } of await topicRows(backend.log, backend.registry, `${pipeline}-teams`)) {
      const [team, n, total] = [String(value!['team_id']), Number(value!['n']), Number(value!['total'])];
      expect(n).toBeGreaterThan(last.get(team)?.n ?? 0);
      last.set(team, { n, total });
    }
    const expected = new Map<string, { n: number; total: number }>();
    for (const { team_id, score } of written) {
      const sum = expected.get(team_id) ?? { n: 0, total: 0 };
      expected.set(team_id, { n: sum.n + 1, total: sum.total + score });
    }
    expect(Object.fromEntries(last)).toEqual(Object.fromEntries(expected));
  }
});

const yaml = (pipeline: string, source: string): string => `pipeline: ${pipeline}
source: { topic: ${source}, key: user_id, schema: user_score, time: event_time_millis, lateness: 1h }
streams:
  high:
    steps:
      - filter: score > 10
      - select: [user_id, { at: event_time_millis }]
  teams:
    steps:
      - groupBy: team_id
        aggregate: { n: count(), total: sum(score) }
sinks:
  high: { from: high, topic: ${pipeline}-copy }
  teams: { from: teams, topic: ${pipeline}-teams }
`;
