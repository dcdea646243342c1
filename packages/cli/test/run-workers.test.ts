/** `rta run --workers N`: threads that share pipelines, started from source and as built. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ROOT, rta, spawnRta, temporaryDirectory } from './support/cli.js';
import { BOARDS, boardsOf, DIRECTORY, summaryOf } from './support/printed-boards.js';
import { appendBadScore, appendScores, drawScores, playersOf, streaksOf, teamsOf } from './support/scores.js';

describe('rta run --workers on the embedded log', () => {
  it.each([
    [2, [3000, 6000]],
    [6, [6000]],
  ])('gives what one worker gives, with %i', async (workers, ends) => {
    const dir = temporaryDirectory();
    const scores = drawScores(6000, 300, 1);
    for (const [i, end] of ends.entries()) {
      await appendScores(dir, scores.slice(ends[i - 1] ?? 0, end));
      const { code, stdout, stderr } = await rta(['run', ...BOARDS, '--until-end', '--workers', String(workers), '--json', '--dir', dir]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const part = scores.slice(0, end);
      expect(boardsOf(stdout)).toEqual({ 'top-players': playersOf(part), 'top-teams': teamsOf(part) });
      expect(summaryOf(stdout, 'top-players')).toMatchObject({ recordsIn: end - (ends[i - 1] ?? 0), late: 0, rejected: 0 });
    }
  });

  it('closes the windows of all of them', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(3000, 40, 5).map((score, i) => ({ ...score, event_time_millis: score.event_time_millis + 30 * i }));
    await appendScores(dir, scores);
    const { code, stdout } = await rta([
      ...['run', `${DIRECTORY}/hot-streaks.yaml`, '--until-end', '--close', '--workers', '3', '--json', '--dir', dir],
    ]);
    expect(code).toBe(0);
    expect(boardsOf(stdout)).toEqual({ 'hot-streaks': streaksOf(scores) });
    expect(summaryOf(stdout, 'hot-streaks')).toMatchObject({ recordsIn: 3000, late: 0, rejected: 0 });
  });

  it('ends all of them when one fails', async () => {
    const dir = temporaryDirectory();
    await appendScores(dir, drawScores(100, 10, 1));
    await appendBadScore(dir);
    const { code, stderr } = await rta(['run', BOARDS[0], '--workers', '3', '--json', '--dir', dir]);
    expect(code).toBe(1);
    expect(stderr).toContain('errors: fail');
  });

  it('commits in all of them when it is asked to end', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(20_000, 300, 2);
    await appendScores(dir, scores);
    const running = spawnRta(['run', ...BOARDS, '--workers', '2', '--json', '--dir', dir]);
    await running.printed(/"commits":[1-9]/);
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    // With other threads, one of them: each goes on where the others stopped.
    const { stdout } = await rta(['run', ...BOARDS, '--until-end', '--json', '--dir', dir]);
    expect(boardsOf(stdout)).toEqual({ 'top-players': playersOf(scores), 'top-teams': teamsOf(scores) });
  });

  const built = join(ROOT, 'packages/cli/dist/main.js');
  it.skipIf(!existsSync(built))('runs as built', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(3000, 300, 3);
    await appendScores(dir, scores);
    const child = spawn(process.execPath, [built, 'run', ...BOARDS, '--until-end', '--workers', '2', '--json', '--dir', dir], {
      cwd: ROOT,
      // Not the brokers of the other tests.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(boardsOf(stdout)).toEqual({ 'top-players': playersOf(scores), 'top-teams': teamsOf(scores) });
  });
});
