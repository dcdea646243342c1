import { Buffer } from 'node:buffer';
import { lettersOf, records, type Letter } from '@rta/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { Operated, START } from '../support/operated.js';

const STRICT = `  - derive: { share: score * 1 }
  - groupBy: user
    aggregate: { total: sum(share), count: count() }
`;
const BROKEN = '{"user": "eve", "score": 1,,}';

/** @param env where the commands work */
export function dlqTests(env: () => Readonly<Record<string, string>>): void {
  describe('rta dlq', () => {
    let on: Operated;
    const lettersIn = (): Promise<Letter[]> =>
      on.withLog(async (log) => {
        const letters: Letter[] = [];
        for await (const letter of lettersOf(log, on.dead)) letters.push(letter);
        return letters;
      });
    beforeAll(async () => {
      on = new Operated(env(), 'dlq');
      await on.send({ user: 'ann', score: 4, at: 10 }, { user: 'bob', score: 5, at: 11, partition: 1 });
      await on.sendBytes(
        { partition: 0, key: 'eve', value: Buffer.from(BROKEN) },
        { partition: 1, key: 'eve', value: Buffer.from([0, 0xff, 1]) },
        { partition: 1, key: 'bob', value: Buffer.from(`{"user":"bob","score":"x","at":${START + 12_000}}`) },
      );
      await on.drain();
    }, 60_000);

    it('ls counts what is alike', async () => {
      const lines = await on.json('dlq', 'ls', on.pipeline);
      expect(lines).toEqual([expect.objectContaining({ topic: on.dead, pipeline: on.pipeline, reason: 'not_json', source: on.in, count: 3, replayed: 0 })]); // prettier-ignore
      const { stdout } = await on.rta('dlq', 'ls');
      expect(stdout).toMatch(new RegExp(`^${on.dead} +${on.pipeline} .* not_json +${on.in} +3 {2}█{8}`, 'm'));
      expect((await on.rta('dlq', 'ls', '--late')).stdout).toBe(
        `no late records in ${on.dead}, ${on.late}\n3 dead letters: without --late\n`,
      );
    });

    it('show says why, where it stood, and marks the byte that is to blame', async () => {
      const broken = (await lettersIn()).find(({ value }) => Buffer.from(value ?? []).toString() === BROKEN)!;
      const place = `${broken.partition}@${broken.offset}`;
      const { stdout, code } = await on.rta('dlq', 'show', on.dead, place);
      expect(code).toBe(0);
      const lines = stdout.split('\n');
      expect(lines[0]).toBe(`${on.dead} ${place}  not_json`);
      expect(stdout).toContain(`stood at  ${on.in} 0@${broken.source.offset}, ${new Date(START).toISOString()}`);
      expect(stdout).toContain(BROKEN);
      // The second comma is byte 27.
      const mark = lines.findIndex((line) => line.includes('^^ here'));
      expect(lines[mark - 1]).toContain('00000010  ');
      expect(lines[mark].indexOf('^^') - lines[mark - 1].indexOf('00000010')).toBe(10 + 3 * (BROKEN.indexOf(',,') + 1 - 16));
      const [json] = await on.json('dlq', 'show', on.dead, place);
      expect(json).toMatchObject({ reason: 'not_json', faultAt: BROKEN.indexOf(',,') + 1, source: { topic: on.in, partition: 0 } });
      expect(Buffer.from(json['base64'] as string, 'base64').toString()).toBe(BROKEN);
    });

    it('what is not there, and places that are none', async () => {
      const { code, stderr } = await on.rta('dlq', 'show', `${on.dead}x`);
      expect({ code, help: stderr.split('\n')[1] }).toEqual({ code: 1, help: `help: did you mean ${on.dead}?` });
      expect((await on.rta('dlq', 'show', on.dead, '0@999')).stderr).toContain(
        `error no_letters: there is no such dead letter in ${on.dead} at 0@999`,
      );
      expect((await on.rta('dlq', 'show', on.dead, 'first')).code).toBe(2);
      expect((await on.rta('dlq', 'replay', on.dead, '--since', 'monday')).code).toBe(2);
    });

    it('replay --dry-run says what could be read now, and changes nothing', async () => {
      // A letter whose cause has gone: the pipeline takes what it refused.
      const other = new Operated(env(), 'dry');
      other.define(STRICT.replace('score * 1', 'score * 2305843009213693952'));
      await other.send({ user: 'ann', score: 4, at: 10 }, { user: 'bob', score: 1, at: 11 });
      await other.sendBytes({ partition: 0, key: 'eve', value: Buffer.from(BROKEN) });
      await other.drain();
      other.define();
      const lines = await other.json('dlq', 'replay', other.dead, '--dry-run');
      const judged = lines.filter((line) => 'now' in line);
      expect(judged.map(({ reason, now, to }) => ({ reason, outcome: (now as { outcome: string }).outcome, to }))).toEqual([
        { reason: 'expression', outcome: 'read', to: { topic: other.in, partition: 0 } },
        { reason: 'not_json', outcome: 'refused', to: { topic: other.in, partition: 0 } },
      ]);
      expect(lines.at(-1)).toEqual({ summary: { selected: 2, replayedBefore: 0, wouldSend: 2 } });
      const { stdout } = await other.rta('dlq', 'replay', other.dead, '--dry-run', '--only-readable');
      expect(stdout).toMatch(/expression +in-\S+ 0 +✓ can be read\n.*✗ not_json: .*\nwould send 1 of 2\n$/);
      expect(await other.json('dlq', 'replay', other.dead, '--only-readable')).toEqual([
        { summary: { selected: 2, replayedBefore: 0, sent: 1 } },
      ]);
      await other.drain();
      expect(await other.table()).toMatchObject({ ann: { total: 4, count: 1 } });
    });

    it('replay puts the very bytes back, each once', async () => {
      const held = await on.openLog();
      try {
        // While another has the embedded log open: by its socket. Two at a time: each letter goes once.
        const before = await countOf(held, on.in);
        const both = await Promise.all([0, 1].map(() => on.json('dlq', 'replay', on.dead)));
        const sent = both.map(([line]) => (line['summary'] as { sent: number }).sent);
        expect(sent.reduce((a, b) => a + b, 0)).toBe(3);
        expect(await on.json('dlq', 'replay', on.dead)).toEqual([{ summary: { selected: 3, replayedBefore: 3, sent: 0 } }]);
        const after = await recordsOf(held, on.in);
        expect(after).toHaveLength(before + 3);
        const copies = after.filter(({ value, key, headers }) => value === BROKEN && key === 'eve' && headers === 0);
        expect(copies).toMatchObject([{ partition: 0 }, { partition: 0 }]);
      } finally {
        await held.close();
      }
      expect((await on.json('dlq', 'ls'))[0]).toMatchObject({ count: 3, replayed: 3 });
      // Refused once more, they are other letters.
      await on.drain();
      expect((await on.json('dlq', 'ls'))[0]).toMatchObject({ count: 6, replayed: 3 });
    });
  });
}

type OpenLog = Awaited<ReturnType<Operated['openLog']>>;

async function recordsOf(log: OpenLog, topic: string) {
  const found: { partition: number; key: string; value: string; headers: number }[] = [];
  for (const { partition, low, stable } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, stable))
      for (const { key, value, headers } of records(batch, low))
        found.push({
          partition,
          key: Buffer.from(key ?? []).toString(),
          value: Buffer.from(value ?? []).toString(),
          headers: headers.length,
        });
  return found;
}

async function countOf(log: OpenLog, topic: string): Promise<number> {
  return (await recordsOf(log, topic)).length;
}
