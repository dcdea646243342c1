/** A run that stands still ends with a code of its own, also where the event loop never turns again. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StallWatch } from '../src/run/stall-watch.js';
import { exitCodeOf } from '../src/exit-code-of.js';
import { EXIT_CODES } from '../src/exit-codes.js';
import { Failure, UsageError } from '../src/failure.js';
import { ROOT, rta, spawnRta, temporaryDirectory } from './support/cli.js';
import { appendScores } from './support/scores.js';

describe('a stall', () => {
  const look = (watch: StallWatch, progress: readonly (number | null)[]): string | null => {
    try {
      watch.look([{ pipeline: 'p', progress }]);
      return null;
    } catch (error) {
      return (error as Failure).code;
    }
  };

  it('is no progress of a worker for so many looks', () => {
    const watch = new StallWatch(3000, 1000);
    expect([[7], [7], [8], [8], [8]].map((progress) => look(watch, progress))).toEqual([null, null, null, null, null]);
    expect(look(watch, [8])).toBe('stalled');
  });

  it('is seen of each worker, and not of one that has ended', () => {
    const watch = new StallWatch(2000, 1000);
    expect(
      [
        [1, null],
        [2, null],
        [3, null],
        [4, null],
      ].map((progress) => look(watch, progress)),
    ).toEqual([null, null, null, null]);
    expect(
      [
        [5, 1],
        [6, 1],
        [7, 1],
      ].map((progress) => look(watch, progress)),
    ).toEqual([null, null, 'stalled']);
  });
});

it('a function that never returns: the process ends with 75, and says why', { timeout: 60_000 }, async () => {
  const project = temporaryDirectory();
  const dir = join(project, '.rta');
  cpSync(join(ROOT, 'schemas'), join(project, 'schemas'), { recursive: true });
  mkdirSync(join(project, 'pipelines'));
  writeFileSync(
    join(project, 'pipelines/endless.yaml'),
    `pipeline: endless
source: { topic: user-score, schema: user_score, time: event_time_millis }
steps:
  - use: { function: ./endless.mjs#wait, adds: { waited: long } }
sink: { topic: out }
`,
  );
  writeFileSync(join(project, 'pipelines/endless.mjs'), 'export const wait = () => { for (;;); };\n');
  await appendScores(dir, [{ user_id: 'a', team_id: 't', team_name: 'T', score: 1, event_time_millis: Date.now() }]);
  const running = spawnRta(['run', join(project, 'pipelines'), '--dir', dir, '--stall-timeout', '2s']);
  const { code, stderr } = await running.ended;
  expect(stderr).toContain('error stalled: the process has been busy with one thing for 2000 ms (--stall-timeout)');
  expect(code).toBe(75);
});

it('a wrong --stall-timeout is a usage error', async () => {
  expect((await rta(['run', '--stall-timeout', '5ms'])).code).toBe(2);
});

describe('exit codes', () => {
  const caused = (code: string, retriable: boolean, cause?: Error): Error => Object.assign(new Error(code, { cause }), { code, retriable });
  it.each([
    ['a wrong command line', new UsageError('x'), EXIT_CODES.usage],
    ['a bad record', new Failure('bad_record', 'x', undefined, { cause: caused('bad_record', false) }), EXIT_CODES.failed],
    ['a refusal of the gate', new Failure('incompatible_schema', 'x'), EXIT_CODES.failed],
    ['a lost connection', new Failure('log_failed', 'x', undefined, { cause: caused('log_failed', true) }), EXIT_CODES.unavailable],
    [
      'a commit that was in doubt too often',
      new Failure('log_failed', 'x', undefined, { cause: caused('log_failed', false, caused('unknown', false)) }),
      EXIT_CODES.unavailable,
    ],
    ['a directory that another process has', caused('in_use', false), EXIT_CODES.unavailable],
    ['a damaged log', caused('log_failed', false, caused('corrupt', false)), EXIT_CODES.damaged],
    ['a stall', new Failure('stalled', 'x'), EXIT_CODES.stalled],
    ['a defect', new TypeError('x'), EXIT_CODES.internal],
  ])('%s', (_name, error, expected) => {
    expect(exitCodeOf(error)).toBe(expected.code);
  });
});
