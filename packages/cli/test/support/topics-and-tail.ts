/** What `rta topics` and `rta tail` show, on whichever log the settings name. */
import { frame, codecFor, type SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import { beforeAll, expect, it } from 'vitest';
import { ndjson, rta, spawnRta } from './cli.js';
import { write } from './inspect-project.js';

export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Names that no other test uses. */
  readonly topic: string;
}

const SCHEMA = {
  type: 'record',
  name: 'Score',
  fields: [
    { name: 'user', type: 'string' },
    { name: 'points', type: 'long' },
  ],
};
const START = Date.UTC(2026, 0, 1);

/** @param open called once, before the tests */
export function topicsAndTail(open: () => Promise<Place>): void {
  let place: Place;
  const run = (...args: string[]) => rta(args, { env: place.env, cwd: place.cwd });
  const text = (value: string): Buffer => Buffer.from(value);
  let unknown = '';

  beforeAll(async () => {
    place = await open();
    const { log, registry, topic } = place;
    const id = await registry.register(`${topic}-value`, SCHEMA);
    const codec = codecFor(SCHEMA);
    const score = (user: string, points: bigint): Buffer => frame(id, codec.encode({ user, points }));
    await log.ensureTopics([{ name: topic, partitions: 2, config: { 'retention.ms': '-1' } }]);
    const strange = frame(999_999, Buffer.from('abc'));
    unknown = strange.toString('hex');
    await write(log, topic, [
      { partition: 0, time: START, key: text('ann'), value: score('ann', 1n) },
      { partition: 0, time: START + 2000, key: text('ann'), value: null },
      { partition: 0, time: START + 4000, key: text('eve'), value: strange },
      { partition: 1, time: START + 1000, key: null, value: text('{"a": [1]}') },
      { partition: 1, time: START + 3000, key: Buffer.from([0xff, 1]), value: text('plain words') },
      { partition: 1, time: START + 5000, key: text('bob'), value: score('bob', 9007199254740993n) },
    ]);
  });

  it('topics lists partitions, records and settings; with a name, every partition', async () => {
    const { code, stdout } = await run('topics', place.topic);
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(1, 4)).toEqual([
      expect.stringMatching(new RegExp(`^${place.topic} +2 +6 +retention.ms=-1$`)),
      expect.stringMatching(/^ {2}0 +3 +0 to 3$/),
      expect.stringMatching(/^ {2}1 +3 +0 to 3$/),
    ]);
    const lines = ndjson((await run('topics', '--json')).stdout);
    expect(lines.find((line) => line['topic'] === place.topic)).toMatchObject({
      partitions: 2,
      records: 6,
      internal: false,
      config: { 'retention.ms': '-1' },
      offsets: [
        { partition: 0, low: 0, stable: 3, high: 3 },
        { partition: 1, low: 0, stable: 3, high: 3 },
      ],
    });
  });

  it('tail merges partitions by time and shows each kind of bytes', async () => {
    const { code, stdout, stderr } = await run('tail', place.topic);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      '0:0      2026-01-01T00:00:00.000Z  ann  {"user":"ann","points":1}',
      '1:0      2026-01-01T00:00:01.000Z  null  {"a":[1]}',
      '0:1      2026-01-01T00:00:02.000Z  ann  tombstone',
      '1:1      2026-01-01T00:00:03.000Z  0xff01  plain words',
      `0:2      2026-01-01T00:00:04.000Z  eve  0x${unknown} (unknown schema id 999999)`,
      '1:2      2026-01-01T00:00:05.000Z  bob  {"user":"bob","points":"9007199254740993"}',
    ]);
  });

  it('tail begins and ends where it is told', async () => {
    const places = async (...args: string[]) =>
      (await run('tail', place.topic, ...args)).stdout.split('\n').flatMap((line) => /^\d+:\d+/.exec(line) ?? []);
    expect(await places('-n', '2')).toEqual(['0:2', '1:2']);
    expect(await places('--from', 'beginning', '-n', '2')).toEqual(['0:0', '1:0']);
    expect(await places('--from', '2')).toEqual(['0:2', '1:2']);
    expect(await places('--from', '77')).toEqual([]);
    expect(await places('--from', 'end')).toEqual([]);
    expect((await run('tail', place.topic, '-n', '1', '--key-only')).stdout).toBe('1:2      2026-01-01T00:00:05.000Z  bob\n');
    for (const wrong of [
      ['--from', 'middle'],
      ['-n', '0'],
    ])
      expect((await run('tail', place.topic, ...wrong)).code).toBe(2);
  });

  it('tail --json says how bytes were read', async () => {
    const lines = ndjson((await run('tail', place.topic, '--json')).stdout);
    expect(lines[0]).toEqual({ rta: 1, command: 'tail' });
    expect(lines[1]).toMatchObject({ partition: 0, offset: 0, key: { format: 'string', value: 'ann' }, value: { format: 'avro' } });
    expect(lines[3]).toMatchObject({ value: null, tombstone: true });
    expect(lines[5]).toMatchObject({ value: { format: 'bytes', value: unknown, problem: 'unknown schema id 999999' } });
  });

  it('a topic that is not there: what was probably meant', async () => {
    for (const command of ['tail', 'topics']) {
      const { code, stderr } = await run(command, `${place.topic}x`);
      expect(code).toBe(1);
      expect(stderr).toBe(`error unknown_topic: there is no topic ${place.topic}x\nhelp: did you mean ${place.topic}?\n`);
    }
  });

  it('tail --follow goes on with what comes, until it is interrupted', async () => {
    const { log, topic, cwd, env } = place;
    const following = spawnRta(['tail', topic, '-n', '1', '--follow'], { cwd, env });
    await following.printed(/bob/);
    await write(log, topic, [{ partition: 1, time: START + 6000, key: text('new'), value: text('later') }]);
    await following.printed(/later/);
    following.child.kill('SIGINT');
    const { code, stdout } = await following.ended;
    expect(code).toBe(130);
    expect(stdout.split('\n')).toEqual([expect.stringMatching(/^1:2 .*bob/), expect.stringMatching(/^1:3 .*new {2}later$/), '']);
  });
}
