import { describe, expect, it } from 'vitest';
import { Operated } from '../support/operated.js';

const BY_MINUTE = `  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { total: sum(score) }
`;
const BEST = `  - topK: { by: score desc, k: 3 }
`;

/** @param env where the commands work */
export function stateTests(env: () => Readonly<Record<string, string>>): void {
  const drained = async (name: string, steps?: string): Promise<Operated> => {
    const on = new Operated(env(), name);
    if (steps !== undefined) on.define(steps);
    await on.send({ user: 'ann', score: 1, at: 10 }, { user: 'bob', score: 4, at: 20, partition: 1 }, { user: 'ann', score: 2, at: 70 });
    await on.drain();
    return on;
  };

  describe('rta state', () => {
    it('says how much there is, and dumps rows by their columns', async () => {
      const on = await drained('state');
      const held = await on.openLog();
      try {
        const [store] = await on.json('state', on.pipeline);
        expect(store).toMatchObject({ pipeline: on.pipeline, kind: 'fold', entries: 2 });
        expect((store['partitions'] as unknown[]).length).toBe(2);
        const name = store['store'] as string;
        expect((await on.rta('state', on.pipeline)).stdout).toMatch(new RegExp(`^${name} +fold +2 +\\d+ B {2}█{10} +2 {2}rta\\.`, 'm'));
        const rowsOf = async (...args: string[]): Promise<unknown[]> =>
          (await on.json('state', on.pipeline, ...args)).map(({ row }) => row);
        const [ann, bob] = [
          { user: 'ann', total: 3, count: 2 },
          { user: 'bob', total: 4, count: 1 },
        ];
        expect(await rowsOf(name, '--dump')).toHaveLength(2);
        expect(await rowsOf(name, '--dump')).toEqual(expect.arrayContaining([ann, bob]));
        expect(await rowsOf('--key', 'ann')).toEqual([ann]);
        expect(await rowsOf('--prefix', 'b')).toEqual([bob]);
        expect(await rowsOf('--limit', '1')).toHaveLength(1);
        const { code, stderr } = await on.rta('state', on.pipeline, `${name}x`);
        expect({ code, stderr }).toEqual({
          code: 1,
          stderr: `error unknown_store: ${on.pipeline} has no store ${name}x\nhelp: did you mean ${name}?\n`,
        });
      } finally {
        await held.close();
      }
    });

    it('by window', async () => {
      const on = await drained('windows', BY_MINUTE);
      const [store] = await on.json('state', on.pipeline);
      const lines = await on.json('state', on.pipeline, store['store'] as string);
      expect(lines.filter((line) => 'window' in line)).toMatchObject([
        { window: { start: '2026-01-01T00:00:00.000Z', end: '2026-01-01T00:01:00.000Z' }, entries: 2 },
        { window: { start: '2026-01-01T00:01:00.000Z', end: '2026-01-01T00:02:00.000Z' }, entries: 1 },
      ]);
      const { stdout } = await on.rta('state', on.pipeline, store['store'] as string);
      expect(stdout).toMatch(/^2026-01-01T00:00:00.000Z {2}2026-01-01T00:01:00.000Z +2 {2}█{10}$/m);
    });

    it('of a pipeline that has not run: nothing', async () => {
      const on = new Operated(env(), 'fresh');
      await on.send({ user: 'ann', score: 1, at: 10 });
      expect((await on.rta('state', on.pipeline)).stderr).toBe(`error no_state: ${on.pipeline} keeps nothing here: it has not run\n`);
    });

    it('rows of a board, by their columns', async () => {
      const on = await drained('rows', `  - groupBy: user\n    aggregate: { total: sum(score) }\n${BEST.replace('score', 'total')}`);
      const stores = await on.json('state', on.pipeline);
      const rows = stores.find(({ kind }) => kind === 'rows');
      const dumped = await on.json('state', on.pipeline, rows!['store'] as string, '--dump');
      expect(dumped.map(({ row }) => row)).toEqual(
        expect.arrayContaining([expect.objectContaining({ user: 'ann', total: 3 }), expect.objectContaining({ user: 'bob', total: 4 })]),
      );
    });
  });
}
