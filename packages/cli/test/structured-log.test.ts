/** `--log-format json`: what is logged is JSON, a line each. */
import { describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory, type RtaResult } from './support/cli.js';
import { DIRECTORY } from './support/printed-boards.js';
import { appendScores, drawScores } from './support/scores.js';

const scores = drawScores(500, 40, 3);

async function run(...more: readonly string[]): Promise<RtaResult> {
  const dir = temporaryDirectory();
  await appendScores(dir, scores);
  return rta(['run', `${DIRECTORY}/top-players.yaml`, '--until-end', '--dir', dir, ...more]);
}

describe('rta run --log-format json', () => {
  it('says what started and how it ended, with time, level and pipeline', async () => {
    const { code, stdout, stderr } = await run('--log-format', 'json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = ndjson(stdout);
    for (const line of lines) expect(line).toMatchObject({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, pid: process.pid });
    expect(lines[0]).toMatchObject({ msg: 'started', pipelines: ['top-players'] });
    expect(lines.at(-1)).toMatchObject({ msg: 'ended', pipeline: 'top-players', summary: { recordsIn: scores.length } });
  }); // prettier-ignore

  it('says no more than its level, and why it ended', async () => {
    expect(await run('--log-format', 'json', '--log-level', 'warn')).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stdout, stderr } = await rta(['run', 'pipelines/nothing.yaml', '--log-format', 'json', '--log-level', 'error']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(ndjson(stdout)).toMatchObject([{ level: 'fatal', error: { message: expect.stringContaining('pipelines/nothing.yaml') as string } }]);
  }); // prettier-ignore

  it.each([[['--log-level', 'warn']], [['--log-format', 'json', '--json']], [['--log-format', 'yaml']]])('refuses %j', async (options) => {
    expect(await run(...options)).toMatchObject({ code: 2 });
  });
});
