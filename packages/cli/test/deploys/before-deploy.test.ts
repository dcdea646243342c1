/** What runs, or is generated, before a pipeline is deployed for the first time: its topics are made as the project declares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory, type RtaResult } from '../support/cli.js';

const RETENTION_MS = String(12 * 24 * 3_600_000);

/** A project of `rta init`. @param more text, at the end of its rta.yaml */
async function initialised(more = ''): Promise<string> {
  const cwd = join(temporaryDirectory(), 'shop');
  await rta(['init', 'shop'], { cwd: join(cwd, '..') });
  writeFileSync(join(cwd, 'rta.yaml'), `${readFileSync(join(cwd, 'rta.yaml'), 'utf8')}${more}`);
  return cwd;
}

/** One whose pipeline declares its topics itself. */
async function project(): Promise<(...args: string[]) => Promise<RtaResult>> {
  const cwd = await initialised();
  const shared = readFileSync(join(cwd, 'rta.yaml'), 'utf8');
  writeFileSync(join(cwd, 'rta.yaml'), shared.replace(/^topics:[^]*/m, ''));
  const file = join(cwd, 'pipelines/top-players.yaml');
  const declared = 'topics:\n  user-score: { partitions: 3, retention: 12d }\n  top-players: { partitions: 1 }\nsteps:\n';
  writeFileSync(file, readFileSync(file, 'utf8').replace('steps:\n', declared));
  return (...args) => rta(args, { cwd });
}

const GENERATE = ['generate', 'leaderboards', '--count', '10', '--as-fast-as-possible'];

describe('before the first deploy', () => {
  it.each([
    ['rta generate', GENERATE],
    ['rta run', ['run', '--until-end']],
  ])('%s makes the source as the pipeline declares it, and a deploy has nothing to set', async (_name, args) => {
    const run = await project();
    expect((await run(...args)).code).toBe(0);
    const [, topic] = ndjson((await run('topics', 'user-score', '--json')).stdout);
    expect(topic).toMatchObject({ partitions: 3, config: { 'retention.ms': RETENTION_MS } });
    const items = ndjson((await run('plan', '--json')).stdout).map(({ item }) => item as { kind?: string; name?: string } | undefined);
    expect(items.find((item) => item?.kind === 'topic' && item.name === 'user-score')).toMatchObject({ change: 'unchanged' });
  });

  it('events that are older than the topic keeps are kept, with a word', async () => {
    const run = await project();
    const { code, stderr } = await run(...GENERATE, '--start', '2020-01-01T00:00:00Z');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: user-score is declared to keep records for 12d, and these events are older: /m);
    const [, topic] = ndjson((await run('topics', 'user-score', '--json')).stdout);
    expect(topic).toMatchObject({ config: { 'retention.ms': '-1' } });
  });
});

describe('a mistake in rta.yaml', () => {
  it.each([
    ['registry: [\n', /^error invalid_project: rta\.yaml:\d+:1: RTA2001: a `]` is missing/],
    ['registry:\n  url: http://localhost:1\n  tokn: x\n', /: RTA2201: `registry` has no `tokn`\nhelp: did you mean `token`\?\n$/],
    ['kafka: { brokers: "${BROKERS_OF_NOBODY}" }\n', /: RTA2208: the environment variable `BROKERS_OF_NOBODY` is not set\nhelp: /],
  ])('that says where to work is told by commands that read no pipeline: %s', async (text, message) => {
    const cwd = await initialised(text);
    for (const args of [['ps'], ['schema', 'ls'], ['worker']]) {
      const { code, stderr } = await rta(args, { cwd });
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(stderr).toMatch(message);
    }
  });

  it('elsewhere in it is nothing to them', async () => {
    const cwd = await initialised('notify:\n  chat: { slack: { url: "${SLACK}" } }\n');
    expect((await rta(['schema', 'ls'], { cwd })).code).toBe(0);
  });
});
