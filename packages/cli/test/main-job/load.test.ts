/**
 * The leaderboards on Kafka at 100,000 events a second, for an hour in the long form, or LOAD_SECONDS; and more at once than they can take, in little memory.
 * What comes out is compared with the sums of the generator's events, which its seed gives again.
 */
import { Buffer } from 'node:buffer';
import { partitionOf } from '@rta/runtime';
import { LONG, reportFigure } from '@rta/tools';
import { describe, expect, it } from 'vitest';
import { scores } from '../../src/generate/leaderboards/game.js';
import { EXIT_CODES } from '../../src/exit-codes.js';
import { ndjson } from '../support/cli.js';
import { boardIn, boardsOf, mvpsIn } from './boards.js';
import { useSystem, withoutKafka, type Row, type System } from './system.js';
import { between, Watched, type Latencies, type Moment } from './watched.js';

const RATE = 100_000;
const SECONDS = Number(process.env['LOAD_SECONDS'] ?? (LONG ? 3600 : 5));
/** What is written as fast as the broker takes it. */
const BURST = LONG ? 20_000_000 : 200_000;
const BURST_HEAP_MB = 128;
const PIPELINES = 3;
const PARTITIONS = 4;
const SEED = 7;
/** The broker keeps the source for so long: an hour of it would be 20 GB. */
const RETENTION = { 'retention.ms': '600000', 'segment.ms': '60000' };
/** ms for what is left when the last event is written. */
const PATIENCE_MS = 120_000;

/** The events once more, as the generator wrote them. */
function* written(count: number, rate: number, startMs: number): Generator<Row> {
  const source = scores({ seed: SEED, startMs, rate, lateEvery: 0, robots: false });
  for (let i = 0; i < count; i++) {
    const { player, points, timeMs } = source.next().value;
    const { id, team } = player;
    const key = Buffer.from(id);
    yield {
      partition: partitionOf(key, 0, key.length, PARTITIONS),
      key: null,
      value: { user_id: id, team_id: team.id, team_name: team.name, score: points, event_time_millis: timeMs },
    };
  }
}

/** Writes events with `args`; gives how many, and when the first was. */
async function generate(system: System, args: readonly string[]): Promise<{ readonly sent: number; readonly startMs: number }> {
  const options = ['--topic', system.source, '--seed', String(SEED), '--json', ...args];
  return ndjson(await system.run(['generate', 'leaderboards', ...options])).at(-1)!['summary'] as { sent: number; startMs: number };
}

async function expectBoards(system: System, count: number, rate: number, startMs: number): Promise<void> {
  // What was on its way from one stage to the next when they were stopped.
  await system.run(['run', 'pipelines', '--until-end', '--json']);
  const boards = boardsOf(written(count, rate, startMs));
  for (const [name, id] of [
    ['top-teams', 'team_id'],
    ['top-players', 'user_id'],
  ] as const)
    expect(boardIn(await system.rows(system.topic(name)), id)).toEqual(boards[id]);
  expect(mvpsIn(await system.rows(system.topic('team-mvps')))).toEqual(boards.mvps);
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
/** Of results: more than one in a hundred came later than a second after their events. */
const isSlow = (latencies: Latencies): boolean => latencies.get(1)! < 0.99 * latencies.get(Infinity)!;
/** Upper bound of the latency of 99 %, seconds. */
const p99 = (latencies: Latencies): number => [...latencies].find(([, count]) => count >= 0.99 * latencies.get(Infinity)!)![0];
const memory = (moments: readonly Moment[]): number => median(moments.map(({ bytes }) => bytes));

describe.skipIf(withoutKafka)('the leaderboards under load', () => {
  describe('100,000 events a second', () => {
    const system = useSystem('kafka');

    it('are read as they come, and no event is lost or doubled', { timeout: (SECONDS * 2 + 600) * 1000 }, async () => {
      const log = await system.openLog();
      await log.ensureTopics([{ name: system.source, partitions: PARTITIONS, config: RETENTION }]);
      await log.close();
      const watched = new Watched(system.start(['run', 'pipelines', '--json', '--http', '0']), PIPELINES);
      await watched.reads(0, PATIENCE_MS);
      const before = watched.moments.length;
      const { sent, startMs } = await generate(system, ['--rate', String(RATE), '--for', `${SECONDS}s`]);
      const during = watched.moments.slice(before);
      await watched.reads(sent, PATIENCE_MS);
      watched.process.child.kill('SIGTERM');
      expect((await watched.process.ended).code).toBe(EXIT_CODES.interrupted.code);
      await expectBoards(system, sent, RATE, startMs);
      const [middle, last] = [1, 2].map((third) => memory(during.slice((third * during.length) / 3, ((third + 1) * during.length) / 3)));
      const lag = Math.max(...during.map((moment) => moment.lag));
      const all = between(during[0], during.at(-1)!);
      const seconds = during.slice(1).map((moment, i) => between(during[i], moment));
      const slow = seconds.filter(isSlow).length;
      const inTime = ((100 * all.get(1)!) / all.get(Infinity)!).toFixed(2);
      reportFigure(
        'load',
        `${sent} events in ${SECONDS} s: 99 % of results at most ${p99(all) * 1000} ms after their events, ${inTime} % within 1 s, fewer than 99 % in ${slow} of ${seconds.length} seconds; at most ${lag} behind; memory ${mib(middle)} MiB, then ${mib(last)} MiB; boards right`,
      );
      if (LONG) {
        expect.soft(p99(all)).toBeLessThanOrEqual(1);
        expect.soft(slow / seconds.length).toBeLessThan(0.01);
        expect.soft(lag).toBeLessThan(10 * RATE);
        expect.soft(last).toBeLessThan(1.2 * middle);
      }
    });
  });

  describe('more at once than they can take', () => {
    const system = useSystem('kafka');

    it('wait in the topic, not in memory', { timeout: LONG ? 1_800_000 : 300_000 }, async () => {
      const past = ['--start', String(Date.now() - 3_600_000), '--rate', String(RATE), '--as-fast-as-possible'];
      const { sent, startMs } = await generate(system, [...past, '--count', String(BURST)]);
      const run = system.start(['run', 'pipelines', '--json', '--http', '0'], { NODE_OPTIONS: `--max-old-space-size=${BURST_HEAP_MB}` });
      const watched = new Watched(run, PIPELINES);
      await watched.reads(sent, LONG ? 900_000 : PATIENCE_MS);
      run.child.kill('SIGTERM');
      expect((await run.ended).code).toBe(EXIT_CODES.interrupted.code);
      await expectBoards(system, sent, RATE, startMs);
      const most = Math.max(...watched.moments.map(({ bytes }) => bytes));
      reportFigure(
        'overload',
        `${sent} events that were there already, ${BURST_HEAP_MB} MiB of heap: at most ${mib(most)} MiB in all; boards right`,
      );
    });
  });
});
