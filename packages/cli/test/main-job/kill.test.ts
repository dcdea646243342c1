/** Killed with SIGKILL in the middle ten times and started again: the same boards, and nothing twice. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { boardIn, boardsOf, mvpsIn } from './boards.js';
import type { RtaProcess } from '../support/cli.js';
import { useSystem, withoutKafka, type System } from './system.js';

const KILLS = 10;
const EVENTS_PER_LIFE = 100_000;
/** Events a second, in event time. */
const RATE = 100;
const BOARDS = ['top-teams', 'top-players', 'team-mvps'] as const;

/** Records that the pipelines have committed to have read: of all together. */
async function committed(system: System, log: Log): Promise<number> {
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic: system.source, partition }));
  const offsets = await Promise.all(BOARDS.map((name) => log.groupOffsets(`rta.${system.topic(name)}`, partitions)));
  return offsets.flat().reduce((sum, { offset }) => sum + (offset ?? 0), 0);
}

/** Kills the process as soon as it has committed something, or after two seconds; resolves to what was committed when last looked at. */
async function killAfterCommit(system: System, running: RtaProcess): Promise<number> {
  await system.serves(running.child);
  const log = await system.openLog();
  const deadline = Date.now() + 2000;
  // On Kafka this waits until the new member has ended the transaction of the one that was killed.
  const before = await committed(system, log);
  let reached = before;
  while (reached === before && Date.now() < deadline) {
    await delay(2);
    reached = await committed(system, log);
  }
  running.child.kill('SIGKILL');
  await running.ended;
  await log.close().catch(() => undefined);
  return reached;
}

async function killAgainAndAgain(system: System): Promise<void> {
  let inTheMiddle = 0;
  for (let life = 1; life <= KILLS; life++) {
    // A quarter of an hour each: nobody is silent for so long that they leave the board.
    const start = Date.UTC(2026, 0, 1) + (life * EVENTS_PER_LIFE * 1000) / RATE;
    await system.runHere([
      ...['generate', 'leaderboards', '--topic', system.source, '--count', String(EVENTS_PER_LIFE), '--rate', String(RATE)],
      ...['--as-fast-as-possible', '--seed', String(life), '--start', String(start)],
    ]);
    const running = system.start(['run', 'pipelines', '--json']);
    if (life <= 7) {
      const reached = await killAfterCommit(system, running);
      if (reached < BOARDS.length * life * EVENTS_PER_LIFE) inTheMiddle++;
      continue;
    }
    // The last lives end at any moment, in starting too.
    await delay(500 * (life - 7));
    running.child.kill('SIGKILL');
    await running.ended;
  }
  expect(inTheMiddle).toBeGreaterThan(0);
  console.info(`killed ${KILLS} times, ${inTheMiddle} of them between two commits of one backlog`);
  await system.run(['run', 'pipelines', '--until-end', '--json']);
  const source = await system.rows(system.source);
  expect(source).toHaveLength(KILLS * EVENTS_PER_LIFE);
  const boards = boardsOf(source);
  for (const [name, id] of [
    ['top-teams', 'team_id'],
    ['top-players', 'user_id'],
  ] as const)
    expect(boardIn(await system.rows(system.topic(name)), id)).toEqual(boards[id]);
  expect(mvpsIn(await system.rows(system.topic('team-mvps')))).toEqual(boards.mvps);

  // Every committed total is a prefix sum of its player's records, which are all in one partition.
  const totals = new Map<string, number>();
  const sums = new Map<string, Set<number>>();
  for (const { value } of source) {
    const user = value!['user_id'] as string;
    const total = (totals.get(user) ?? 0) + (value!['score'] as number);
    totals.set(user, total);
    const known = sums.get(user);
    if (known) known.add(total);
    else sums.set(user, new Set([total]));
  }
  const rows = (await system.rows(system.topic('top-players'))).filter(({ value }) => value !== null);
  expect(rows.length).toBeGreaterThan(10);
  const wrong = rows.filter(({ value }) => sums.get(value!['user_id'] as string)?.has(Number(value!['total_score'])) !== true);
  expect(wrong).toEqual([]);
}

describe('killed ten times on the embedded log', () => {
  const system = useSystem('embedded');

  it('the boards are right, and every committed total is a prefix sum', () => killAgainAndAgain(system), 420_000);
});

describe.skipIf(withoutKafka)('killed ten times on Kafka', () => {
  const system = useSystem('kafka');

  it('the boards are right, and every committed total is a prefix sum', () => killAgainAndAgain(system), 480_000);
});
