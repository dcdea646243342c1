import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performReset, planReset, type ResetStep } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { loadPipelines } from '../../src/project/load.js';
import { Operated, START } from '../support/operated.js';

const TOTALS = { ann: { user: 'ann', total: 3, count: 2 }, bob: { user: 'bob', total: 4, count: 1 } };

/** @param env where the commands work */
export function resetTests(env: () => Readonly<Record<string, string>>): void {
  const drained = async (name: string): Promise<Operated> => {
    const on = new Operated(env(), name);
    await on.send({ user: 'ann', score: 1, at: 10 }, { user: 'bob', score: 4, at: 20, partition: 1 }, { user: 'ann', score: 2, at: 30 });
    await on.drain();
    expect(await on.table()).toEqual(TOTALS);
    return on;
  };

  describe('rta reset', () => {
    it('begins again: rows that stand are deleted at once, and then as they were', async () => {
      const on = await drained('reset');
      const held = await on.openLog();
      // While another process has the embedded log open.
      const { code, stdout, stderr } = await on.rta('reset', on.pipeline, '--yes').finally(() => held.close());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`${on.out} (`);
      expect(await on.table()).toEqual({ ann: null, bob: null });
      expect((await on.json('lag', on.pipeline))[0]).toMatchObject({ watermark: null });
      await on.drain();
      expect(await on.table()).toEqual(TOTALS);
      // And goes on from there.
      await on.send({ user: 'bob', score: 1, at: 40, partition: 1 });
      await on.drain();
      expect(await on.table()).toEqual({ ...TOTALS, bob: { user: 'bob', total: 5, count: 2 } });
    });

    it('a store of before, of another machine, is not read', async () => {
      const on = await drained('stale');
      const [state, kept] = [join(on.project.directory, '.rta/state'), join(on.project.directory, 'kept')];
      cpSync(state, kept, { recursive: true });
      expect((await on.rta('reset', on.pipeline, '--yes')).code).toBe(0);
      // The changelog gets past the offsets that the old store knows.
      for (let i = 0; i < 4; i++) await on.drain();
      for (let at = 40; at < 46; at++) {
        await on.send({ user: 'eve', score: 1, at });
        await on.drain();
      }
      const before = await on.table();
      rmSync(state, { recursive: true });
      cpSync(kept, state, { recursive: true });
      await on.send({ user: 'ann', score: 1, at: 50 });
      await on.drain();
      expect(await on.table()).toEqual({ ...before, ann: { user: 'ann', total: 4, count: 3 }, eve: { user: 'eve', total: 6, count: 6 } });
    });

    it.each<ResetStep>(['marked', 'state', 'output'])('cut short after "%s": nothing starts, and another one finishes it', async (last) => {
      const on = await drained(`cut-${last}`);
      const { pipelines } = await loadPipelines({ cwd: on.project.directory, env: on.env }, []);
      await on.withLog(async (log) => {
        const planned = await planReset(log, pipelines[0].plan!, { target: null, keepState: false, keepOutput: false });
        const cut = performReset(log, planned, (step) => {
          if (step === last) throw new Error('cut short');
        });
        await expect(cut).rejects.toThrow('cut short');
      });
      const { code, stderr } = await on.rta('run', '--until-end', '--json');
      expect(code).toBe(1);
      expect(stderr).toContain(`error reset_unfinished: ${on.pipeline}: a reset of the pipeline was begun and is not finished`);
      expect(stderr).toContain(`run rta reset ${on.pipeline} again`);
      expect((await on.rta('reset', on.pipeline, '--yes', '--keep-state')).stderr).toContain('error unfinished_reset');
      const finished = await on.rta('reset', on.pipeline, '--yes');
      expect(finished.stdout).toContain(`${on.pipeline}: finishes a reset that was begun`);
      expect(await on.table()).toEqual({ ann: null, bob: null });
      await on.drain();
      expect(await on.table()).toEqual(TOTALS);
    });

    it('to a time, to offsets; without state, and with it', async () => {
      const on = await drained('where');
      const sourcesOf = async (...args: string[]): Promise<unknown> => {
        const [line] = await on.json('reset', on.pipeline, '--dry-run', ...args);
        return (line['plan'] as { sources: { to: number }[] }).sources.map(({ to }) => to);
      };
      expect(await sourcesOf()).toEqual([0, 0]);
      expect(await sourcesOf('--to-time', new Date(START).toISOString())).toEqual([0, 0]);
      expect(await sourcesOf('--to-time', new Date(START + 1).toISOString())).toEqual([2, 1]);
      writeFileSync(join(on.project.directory, 'offsets.txt'), `# where\n${on.in}-0@1\n`);
      expect(await sourcesOf('--to-offsets', 'offsets.txt')).toEqual([1, 1]);
      expect(await on.table()).toEqual(TOTALS);
      expect((await on.rta('reset', on.pipeline, '--to-offsets', `${on.out}-0@1`, '--dry-run')).stderr).toContain(
        'error unknown_partition',
      );
      expect((await on.rta('reset', on.pipeline, '--to-offsets', 'somewhere', '--dry-run')).code).toBe(2);
      expect((await on.rta('reset', on.pipeline, '--keep-state', '--to-offsets', `${on.in}-0@1`, '--yes')).code).toBe(0);
      await on.drain();
      // Counted once more, in the state that was kept.
      expect(await on.table()).toEqual({ ...TOTALS, ann: { user: 'ann', total: 5, count: 3 } });
      expect((await on.rta('reset', on.pipeline, '--to-offsets', `${on.in}-0@1`, '--yes')).code).toBe(0);
      await on.drain();
      expect(await on.table()).toEqual({ ann: { user: 'ann', total: 2, count: 1 }, bob: null });
    });

    it('is refused while a worker runs, and where nobody confirms it', async () => {
      const on = await drained('refused');
      const asked = await on.rta('reset', on.pipeline);
      expect({ code: asked.code, stderr: asked.stderr }).toMatchObject({ code: 1 });
      expect(asked.stderr).toContain('error not_confirmed: nobody is there to be asked');
      const log = await on.openLog();
      try {
        const member = await log.join({ group: `rta.${on.pipeline}`, topics: [on.in], transactionalId: `tx-${on.suffix}` });
        const deadline = Date.now() + 20_000;
        while ((await member.next(500))?.type !== 'assigned' && Date.now() < deadline);
        const { code, stderr } = await on.rta('reset', on.pipeline, '--yes');
        expect(code).toBe(1);
        expect(stderr).toContain(`error pipeline_running: ${on.pipeline} runs: `);
        await member.leave();
      } finally {
        await log.close();
      }
      expect(await on.table()).toEqual(TOTALS);
    });
  });
}
