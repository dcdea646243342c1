/** `--log-format json`: what is logged is JSON, a line each. */
import { describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory, type RtaResult } from './support/cli.js';
import { Operated } from './support/operated.js';
import { DIRECTORY } from './support/printed-boards.js';
import { appendScores, drawScores } from './support/scores.js';
import { leavesOut, useKafka } from './support/use-kafka.js';

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

const TIME = expect.stringMatching(/^\d{4}-.*Z$/) as string;

describe('rta worker --log-format json', () => {
  it('says what it follows, what it starts, and what it stops', async () => {
    const dir = temporaryDirectory();
    await appendScores(dir, scores);
    expect(await rta(['deploy', `${DIRECTORY}/top-players.yaml`, '--dir', dir])).toMatchObject({ code: 0 });
    const ending = new AbortController();
    let printed = '';
    const onStdout = (text: string): void => {
      printed += text;
      if (printed.includes('"pipeline":"top-players"')) ending.abort();
    };
    const args = ['worker', '--log-format', 'json', '--dir', dir];
    const { code, stdout, stderr } = await rta(args, { signal: ending.signal, onStdout });
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    const run = { pipeline: 'top-players', version: 1, mode: 'live' };
    expect(ndjson(stdout)).toMatchObject(
      [{ msg: 'started', following: expect.stringContaining('embedded log') as string }, { ...run, msg: 'started' }, { ...run, msg: 'stopped' }].map(
        (line) => ({ ...line, level: 'info', time: TIME, pid: process.pid }),
      ),
    );
  });
}); // prettier-ignore

describe.skipIf(leavesOut("KafkaJS's own log"))("KafkaJS's own log", { timeout: 120_000 }, () => {
  const env = useKafka();

  it.each(['run', 'worker'] as const)('is in that of rta %s, of its level', async (command) => {
    const on = new Operated(env(), `logged-${command}`);
    await on.send({ user: 'ann', score: 1, at: 10 });
    if (command === 'worker') expect(await on.rta('deploy')).toMatchObject({ code: 0 });
    const logged = async (level: string): Promise<Record<string, unknown>[]> => {
      const ending = new AbortController();
      setTimeout(() => {
        ending.abort();
      }, 3_000);
      const args = [command, '--log-format', 'json', '--log-level', level];
      const { code, stdout, stderr } = await rta(args, { cwd: on.project.directory, env: on.env, signal: ending.signal });
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
      return ndjson(stdout);
    };
    const lines = await logged('debug');
    for (const line of lines) expect(line).toMatchObject({ level: expect.stringMatching(/^(debug|info|warn)$/) as string, time: TIME, msg: expect.any(String) as string }); // prettier-ignore
    const ofKafka = lines.filter((line) => 'kafkajs' in line);
    expect(ofKafka).toContainEqual(expect.objectContaining({ kafkajs: 'Connection', level: 'debug', broker: env().KAFKA_BROKERS }));
    expect(lines.length).toBeGreaterThan(ofKafka.length);
    expect((await logged('warn')).filter(({ level }) => level === 'debug' || level === 'info')).toEqual([]);
  });
}); // prettier-ignore
