import { describe, expect, it } from 'vitest';
import { spawnRta } from '../support/cli.js';
import { Operated, START } from '../support/operated.js';

/** @param env where the commands work */
export function lagTests(env: () => Readonly<Record<string, string>>): void {
  describe('rta lag', () => {
    it('says offsets, lag and watermarks of every input partition, and who holds the watermark', async () => {
      const on = new Operated(env(), 'lag');
      await on.send({ user: 'ann', score: 1, at: 60 }, { user: 'bob', score: 2, at: 10, partition: 1 });
      const [before] = await on.json('lag', on.pipeline);
      expect(before).toMatchObject({ pipeline: on.pipeline, lag: 2, watermark: null, holder: null });
      await on.drain();
      await on.send({ user: 'ann', score: 1, at: 61 }, { user: 'ann', score: 1, at: 62 });
      const [line] = await on.json('lag', on.pipeline);
      expect(line).toMatchObject({
        pipeline: on.pipeline,
        group: `rta.${on.pipeline}`,
        lag: 2,
        watermark: START + 10_000,
        holder: { topic: on.in, partition: 1 },
        missing: [],
      });
      const inputs = line?.['inputs'] as Record<string, unknown>[];
      expect(inputs.filter(({ kind }) => kind === 'source')).toMatchObject([
        { stage: 0, partition: 0, committed: 1, end: 3, lag: 2, maxEventTime: START + 60_000, watermark: START + 60_000 },
        { stage: 0, partition: 1, committed: 1, end: 1, lag: 0, watermark: START + 10_000 },
      ]);
      expect(inputs.filter(({ kind }) => kind === 'repartition')).toMatchObject([
        { stage: 1, partition: 0, watermark: START + 10_000, heldBy: 1 },
        { stage: 1, partition: 1, watermark: START + 10_000, heldBy: 1 },
      ]);
      const { stdout } = await on.rta('lag');
      expect(stdout).toMatch(
        new RegExp(`^${on.pipeline}  lag 2 · watermark 2026-01-01T00:00:10.000Z, .* behind · held by ${on.in} 1$`, 'm'),
      );
      expect(stdout).toMatch(/ 0 +1 +3 +2 {2}█{10} {2}2026-01-01T00:01:00.000Z/);
      expect(stdout).toContain('◂ holds the watermark');
    });

    it('--watch goes on until it is interrupted', async () => {
      const on = new Operated(env(), 'watch');
      await on.send({ user: 'ann', score: 1, at: 60 });
      const watching = spawnRta(['lag', '--watch', '--every', '50ms', '--json'], { cwd: on.project.directory, env: on.env });
      await watching.printed(/"lag":1[^]*"lag":1[^]*"lag":1/);
      watching.child.kill('SIGINT');
      expect((await watching.ended).code).toBe(130);
    });

    it('a pipeline that is not there: what was probably meant', async () => {
      const on = new Operated(env(), 'unknown');
      await on.send({ user: 'ann', score: 1, at: 60 });
      const { code, stderr } = await on.rta('lag', `${on.pipeline}x`);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `error unknown_pipeline: there is no pipeline ${on.pipeline}x\nhelp: did you mean ${on.pipeline}?\n`,
      });
    });
  });
}
