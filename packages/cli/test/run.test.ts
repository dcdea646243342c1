/** `rta run` on the embedded log: what the boards hold, and how it ends. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedRegistry } from '@rta/registry';
import { describe, expect, it } from 'vitest';
import { ndjson, ROOT, rta, spawnRta, temporaryDirectory } from './support/cli.js';
import { BOARDS, boardsOf, DIRECTORY, summaryOf } from './support/printed-boards.js';
import { appendBadScore, appendScores, drawScores, playersOf, streaksOf, teamsOf } from './support/scores.js';

describe('rta run --until-end', () => {
  const dir = temporaryDirectory();
  const scores = drawScores(6000, 300, 1);

  it('equals a plain recomputation, and goes on where it ended', async () => {
    for (const end of [3000, 6000]) {
      await appendScores(dir, scores.slice(end - 3000, end));
      const { code, stdout, stderr } = await rta(['run', ...BOARDS, '--until-end', '--json', '--dir', dir]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(ndjson(stdout)[0]).toEqual({ rta: 1, command: 'run' });
      const part = scores.slice(0, end);
      expect(boardsOf(stdout)).toEqual({ 'top-players': playersOf(part), 'top-teams': teamsOf(part) });
      expect(summaryOf(stdout, 'top-players')).toMatchObject({ recordsIn: 3000, late: 0, rejected: 0 });
    }
  });

  it('shows people the boards and a summary', async () => {
    const { code, stdout } = await rta(['run', `${DIRECTORY}/top-players.yaml`, '--until-end', '--dir', dir]);
    expect(code).toBe(0);
    expect(stdout).toContain(`1 ${String(playersOf(scores)[0]?.['user_id'])}`);
    expect(stdout).toMatch(/^top-players: 0 records in .* 0 late, 0 rejected, /m);
  });
});

describe('rows that wait for the watermark', () => {
  it('are out after --close', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(3000, 40, 5).map((score, i) => ({ ...score, event_time_millis: score.event_time_millis + 30 * i }));
    await appendScores(dir, scores);
    const { code, stdout } = await rta(['run', `${DIRECTORY}/hot-streaks.yaml`, '--until-end', '--close', '--json', '--dir', dir]);
    expect(code).toBe(0);
    expect(boardsOf(stdout)).toEqual({ 'hot-streaks': streaksOf(scores) });
    expect(summaryOf(stdout, 'hot-streaks')).toMatchObject({ recordsIn: 3000, late: 0, rejected: 0 });
  });
});

describe('boards without a rank', () => {
  it('show the rows that their topic got last, in the order asked for', async () => {
    const dir = temporaryDirectory();
    const project = temporaryDirectory();
    const scores = drawScores(1000, 40, 4);
    await appendScores(dir, scores);
    cpSync(join(ROOT, 'schemas'), join(project, 'schemas'), { recursive: true });
    const lines = [
      'pipeline: totals',
      'source: { topic: user-score, key: user_id, schema: user_score, time: event_time_millis }',
      'steps:',
      '  - groupBy: team_id',
      '    aggregate: { points: sum(score) }',
      'sink: { topic: totals }',
      'boards:',
      '  totals: { show: table, by: team_id }',
    ];
    writeFileSync(join(project, 'totals.yaml'), lines.join('\n'));
    const { code, stdout } = await rta(['run', project, '--until-end', '--json', '--dir', dir]);
    expect(code).toBe(0);
    const totals = new Map<string, number>();
    for (const { team_id, score } of scores) totals.set(team_id, (totals.get(team_id) ?? 0) + score);
    const rows = [...totals].map(([team_id, points]) => ({ team_id, points })).sort((a, b) => (a.team_id < b.team_id ? -1 : 1));
    expect(boardsOf(stdout)).toEqual({ totals: rows });
  });
});

describe('rta run ends', () => {
  it('by itself after --for', async () => {
    const { code, stdout } = await rta(['run', `${DIRECTORY}/top-players.yaml`, '--for', '300ms', '--json', '--dir', temporaryDirectory()]);
    expect(code).toBe(0);
    expect(summaryOf(stdout, 'top-players')).toMatchObject({ recordsIn: 0 });
  });

  it('with 130 after a signal, and what was processed is committed', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(2000, 100, 2);
    await appendScores(dir, scores);
    const running = spawnRta(['run', ...BOARDS, '--json', '--dir', dir]);
    await running.printed(/"recordsIn":2000[^]*"recordsIn":2000/);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(boardsOf(stdout)).toEqual({ 'top-players': playersOf(scores), 'top-teams': teamsOf(scores) });
    // Nothing is left to read, and the state is there.
    const again = await rta(['run', ...BOARDS, '--until-end', '--json', '--dir', dir]);
    expect(summaryOf(again.stdout, 'top-teams')).toMatchObject({ recordsIn: 0 });
    expect(boardsOf(again.stdout)).toEqual({ 'top-players': playersOf(scores), 'top-teams': teamsOf(scores) });
  });

  it('with 1 when a pipeline fails, naming it; the others commit and leave', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(2000, 50, 3);
    await appendScores(dir, scores);
    await appendBadScore(dir);
    const project = temporaryDirectory();
    cpSync(join(ROOT, 'schemas'), join(project, 'schemas'), { recursive: true });
    const board = readFileSync(join(ROOT, DIRECTORY, 'top-players.yaml'), 'utf8')
      .replace(/^tests:[^]*/m, '')
      .replace('source: user_score', 'source: { topic: user-score, key: user_id, schema: user_score, time: event_time_millis }');
    writeFileSync(join(project, 'strict.yaml'), board.replaceAll('top-players', 'strict'));
    writeFileSync(join(project, 'lenient.yaml'), `${board.replaceAll('top-players', 'lenient')}errors: skip\n`);
    const { code, stdout, stderr } = await rta(['run', project, '--json', '--dir', dir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error bad_record: strict: user-score-0 offset \d+: bad_magic/m);
    expect(ndjson(stdout).at(-1)).toMatchObject({ error: { code: 'bad_record' } });
    // However far the other one came, it goes on from there.
    const rest = await rta(['run', join(project, 'lenient.yaml'), '--until-end', '--json', '--dir', dir]);
    expect(rest.code).toBe(0);
    expect(boardsOf(rest.stdout)).toEqual({ lenient: playersOf(scores) });
  });
});

describe('rta run refuses', () => {
  it('a pipeline with an error, at its place', async () => {
    const project = temporaryDirectory();
    const file = join(project, 'wrong.yaml');
    writeFileSync(file, 'pipeline: wrong\nsource: { topic: t, schema: user_score }\nsteps:\n  - filter: scoer > 1\nsink: { topic: out }\n');
    mkdirSync(join(project, 'schemas'));
    writeFileSync(join(project, 'schemas/user_score.avsc'), '{"type":"record","name":"S","fields":[{"name":"score","type":"int"}]}');
    const { code, stdout, stderr } = await rta(['run', file, '--json', '--dir', join(project, '.rta')]);
    expect(code).toBe(1);
    expect(stderr).toContain('wrong.yaml:4:13');
    expect(stderr).toContain('score');
    expect(ndjson(stdout).at(-1)).toMatchObject({ error: { code: 'invalid_pipeline' } });
  });

  it('a sink whose schema the registry forbids, and makes nothing', async () => {
    const dir = temporaryDirectory();
    const registry = embeddedRegistry(join(dir, 'registry'));
    await registry.register('top-teams-value', { type: 'record', name: 'Other', fields: [{ name: 'other', type: 'string' }] });
    const { code, stderr } = await rta(['run', ...BOARDS, '--until-end', '--dir', dir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error incompatible_schema: .*\n {2}top-teams: sink top-teams-value\n/);
    expect(await registry.subjects()).toEqual(['top-teams-value']);
  });

  it.each([['--close'], ['--for', 'soon'], ['--for', '0s'], ['--for', '1s', '--until-end'], ['--partitions', '0'], ['--no-such-option']])(
    'a wrong command line: %s %s',
    async (...args) => {
      const { code } = await rta(['run', ...BOARDS, ...args, '--dir', temporaryDirectory()]);
      expect(code).toBe(2);
    },
  );

  it('two pipelines of one name', async () => {
    const project = temporaryDirectory();
    mkdirSync(join(project, 'schemas'));
    writeFileSync(join(project, 'schemas/s.avsc'), '{"type":"record","name":"S","fields":[{"name":"a","type":"int"}]}');
    for (const name of ['one', 'two'])
      writeFileSync(
        join(project, `${name}.yaml`),
        `pipeline: same\nsource: { topic: t, schema: s }\nsteps:\n  - filter: a > 1\nsink: { topic: ${name} }\n`,
      );
    const { code, stderr } = await rta(['run', project, '--dir', join(project, '.rta')], { cwd: ROOT });
    expect(code).toBe(1);
    expect(stderr).toContain('are both called same');
  });
});
