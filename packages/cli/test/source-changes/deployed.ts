/** The schema of a source changes under what `rta worker` runs. */
import { expect, it, vi } from 'vitest';
import { Drifting, eventSchema, FIRST, SCORE, USER, warningsOf, type Row } from './drifting.js';

const WITH_NOTE = eventSchema(USER, SCORE, { name: 'note', type: ['null', 'string'], default: null });
const AS_TEXT = eventSchema(USER, { name: 'score', type: 'string' });
const COPY = '  - filter: score >= 0';

function events(from: number, to: number, more: Row = {}): Row[] {
  return Array.from({ length: to - from }, (_, i) => ({ seq: BigInt(from + i), user: 'ann', score: 1, ...more }));
}

async function sequences(on: Drifting): Promise<number[]> {
  return (await on.rows('copy')).map(({ seq }) => Number(seq)).sort((a, b) => a - b);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** @param env where the commands work */
export function fieldUnderWorker(env: () => Readonly<Record<string, string>>): void {
  it('a new optional field flows through a deployed pipeline without a stop', async () => {
    const on = new Drifting(env(), 'deployed');
    on.define('copy', COPY, null);
    await on.send(FIRST, events(0, 100));
    await on.deploy();
    const worker = on.work();
    await on.until('copy', 100, worker.ended);
    await on.send(WITH_NOTE, events(100, 200, { note: 'new' }));
    await on.until('copy', 200, worker.ended);
    const result = await worker.stop();
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 130, stderr: '' });
    expect(warningsOf(result)).toEqual([expect.stringContaining('it goes on with the newest version') as string]);
    // On a broker that tests share, workers run what others have deployed as well.
    const own = worker.printed().filter(({ pipeline }) => pipeline === on.topic('copy'));
    expect(own.flatMap(({ event }) => (event === undefined ? [] : [event]))).toEqual(['started', 'stopped']);
    expect(await sequences(on)).toEqual(upTo(200));
    expect((await on.rows('copy')).filter(({ note }) => note === 'new')).toHaveLength(100);
    expect(await on.registry.versions(`${on.topic('copy')}-value`)).toEqual([1, 2]);
  });
}

/** @param env where the commands work */
export function policiesUnderWorker(env: () => Readonly<Record<string, string>>): void {
  it('`stop` ends a deployed pipeline before such a record, and it stays so; a version with `errors` puts it aside and goes on', async () => {
    const on = new Drifting(env(), 'dstop');
    const rest = `errors: { topic: ${on.topic('dead')} }\n`;
    on.define('copy', COPY, null, rest);
    await on.send(FIRST, events(0, 4));
    await on.deploy();
    const worker = on.work();
    await on.until('copy', 4, worker.ended);
    await on.registry.setCompatibility(on.subject, 'NONE');
    await on.send(AS_TEXT, events(4, 5, { score: 'many' }));
    const failed = (): readonly unknown[] => worker.printed().flatMap(({ event, error }) => (event === 'failed' ? [error] : []));
    await vi.waitFor(() => expect(failed()).not.toEqual([]), { timeout: 60_000, interval: 100 });
    expect(failed()).toEqual([
      expect.stringMatching(/offset 2: the schema with id \d+ does not resolve[^]*onIncompatibleSchemaChange: errors/),
    ]);
    // In the partition of the record, behind it.
    await on.send(FIRST, events(6, 7));
    expect(await sequences(on)).toEqual(upTo(4));
    on.define('copy', COPY, 'errors', rest);
    await on.deploy();
    await on.until('copy', 5, worker.ended);
    const { code, stderr } = await worker.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(await sequences(on)).toEqual([0, 1, 2, 3, 6]);
    expect((await on.letters()).map((headers) => headers['rta.reason'])).toEqual(['incompatible_schema']);
  });

  it('`rebuild` that needs other state is a version of its own, which replays beside the one that runs and takes over', async () => {
    const on = new Drifting(env(), 'dlayout');
    const best = async (): Promise<unknown> => (await on.rows('best')).at(-1)?.['best'];
    on.define('best', '  - groupBy: user\n    aggregate: { best: max(score), count: count() }', 'rebuild');
    await on.send(FIRST, events(0, 4, { score: 7 }));
    await on.deploy();
    const worker = on.work();
    await on.until('best', 1, worker.ended);
    await on.send(eventSchema(USER, { name: 'score', type: 'long' }), events(4, 8, { score: 5_000_000_000n }));
    await vi.waitFor(async () => expect(Number(await best())).toBe(5_000_000_000), { timeout: 60_000, interval: 300 });
    const { code, stderr } = await worker.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(Number((await on.rows('best')).at(-1)?.['count'])).toBe(8);
    const failed = worker.printed().flatMap(({ event, error }) => (event === 'failed' ? [error] : []));
    expect(failed[0]).toMatch(/its state has another layout: version 2, with it, is rebuilt beside this one, and takes over/);
    const history = await on.rta('history', on.topic('best'));
    expect(history.stdout).toMatch(new RegExp(`2 +running .*${on.topic('in')} is read with version 2 of`));
  });

  it('`rebuild` goes on with the newest version, and begins with it', async () => {
    const on = new Drifting(env(), 'drebuild');
    // The reader wants `extra`, which the pipeline does not use.
    const EXTRA = eventSchema(USER, SCORE, { name: 'extra', type: 'string' });
    on.project.write('schemas/drifting.avsc', JSON.stringify(EXTRA));
    on.define('copy', `${COPY}\n  - select: [seq, user]`, 'rebuild');
    await on.send(EXTRA, events(0, 4, { extra: 'e' }));
    await on.deploy();
    const worker = on.work();
    await on.until('copy', 4, worker.ended);
    await on.send(FIRST, events(4, 6));
    await on.until('copy', 6, worker.ended);
    await worker.stop();
    await on.send(FIRST, events(6, 8));
    const again = on.work();
    await on.until('copy', 8, again.ended);
    const { code, stderr } = await again.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(await sequences(on)).toEqual(upTo(8));
  });
}
