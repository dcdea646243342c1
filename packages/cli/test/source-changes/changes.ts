import { describe, expect, it } from 'vitest';
import { Drifting, eventSchema, FIRST, SCORE, USER, warningsOf, type Row } from './drifting.js';

const NOTE = { name: 'note', type: ['null', 'string'], default: null };
const WITH_NOTE = eventSchema(USER, SCORE, NOTE);
const TOTALS = '  - groupBy: user\n    aggregate: { total: sum(score), count: count() }';
const LOAD = 600;

function events(from: number, to: number, more: (seq: number) => Row = () => ({})): Row[] {
  return Array.from({ length: to - from }, (_, i) => {
    const seq = from + i;
    return { seq: BigInt(seq), user: `u${String(seq % 3)}`, score: seq % 10, ...more(seq) };
  });
}

/** The last row of each user. */
function totals(rows: readonly Row[]): Record<string, unknown> {
  return Object.fromEntries(rows.map(({ user, ...rest }) => [user, Object.values(rest).map(Number)]));
}

function expectedTotals(sent: readonly Row[]): Record<string, unknown> {
  const sums = new Map<string, [number, number]>();
  for (const { user, score } of sent) {
    const [total, count] = sums.get(user as string) ?? [0, 0];
    sums.set(user as string, [total + Number(score), count + 1]);
  }
  return Object.fromEntries(sums);
}

/** @param env where the commands work */
export function sourceChangeTests(env: () => Readonly<Record<string, string>>): void {
  it.each([1, 2])('a new optional field flows through to the sink under load, without a stop, with %i workers', async (workers) => {
    const on = new Drifting(env(), `field${String(workers)}`);
    on.define('copy', '  - filter: score >= 0', null);
    on.define('totals', TOTALS, null);
    const noted = (seq: number): Row => ({ note: seq % 2 === 0 ? `n${String(seq)}` : null });
    const sent = events(0, LOAD);
    const later = events(LOAD, 2 * LOAD, noted);
    await on.send(FIRST, sent);
    const run = on.start('--workers', String(workers));
    await on.until('copy', LOAD / 4, run.ended);
    // Producers of both versions, as when they are deployed one after the other.
    await Promise.all([on.send(WITH_NOTE, later), on.send(FIRST, events(2 * LOAD, 3 * LOAD))]);
    await on.until('copy', 3 * LOAD, run.ended);
    const result = await run.stop();
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 130, stderr: '' });
    expect(warningsOf(result).filter((text) => text.includes('goes on with the newest version'))).not.toEqual([]);
    const rows = await on.rows('copy');
    // Each once, and with what it brought.
    expect(rows.map(({ seq }) => Number(seq)).sort((a, b) => a - b)).toEqual(Array.from({ length: 3 * LOAD }, (_, i) => i));
    const notes = new Map(rows.map(({ seq, note }) => [Number(seq), note ?? null]));
    for (const { seq, note } of later) expect(notes.get(Number(seq))).toBe(note);
    expect(await on.registry.versions(`${on.topic('copy')}-value`)).toEqual([1, 2]);
    expect(await on.registry.versions(`${on.topic('totals')}-value`)).toEqual([1]);
    await on.drain();
    expect(totals(await on.rows('totals'))).toEqual(expectedTotals([...sent, ...later, ...events(2 * LOAD, 3 * LOAD)]));
    expect(await on.rows('copy')).toHaveLength(3 * LOAD);
  });

  describe('a change that the reader does not resolve', () => {
    const AS_TEXT = eventSchema(USER, { name: 'score', type: 'string' });
    const texts = events(4, 6).map((event) => ({ ...event, score: 'many' }));

    it('stops the pipeline, naming field, rule and fix; nothing is lost; `errors` puts such records aside then', async () => {
      const on = new Drifting(env(), 'stop');
      const rest = `errors: { topic: ${on.topic('dead')} }\n`;
      on.define('totals', TOTALS, null, rest);
      await on.send(FIRST, events(0, 4));
      await on.registry.setCompatibility(on.subject, 'NONE');
      const run = on.start();
      await on.until('totals', 3, run.ended);
      await on.send(AS_TEXT, texts);
      const { code, stderr } = await run.ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error incompatible_schema: \S+: \S+-[01] offset 2: the schema with id \d+ does not resolve/);
      expect(stderr).toMatch(/\n {2}type: .*`score`.*; /);
      expect(stderr).toContain('onIncompatibleSchemaChange: errors');
      expect(totals(await on.rows('totals'))).toEqual(expectedTotals(events(0, 4)));
      // The gate says the same of a start.
      const again = await on.start('--until-end').ended;
      expect(again.code).toBe(1);
      expect(again.stderr).toContain('incompatible_schema');
      on.define('totals', TOTALS, 'errors', rest);
      await on.send(FIRST, events(6, 8));
      const { code: last, stdout, stderr: none } = await on.start('--until-end').ended;
      expect({ last, none }).toEqual({ last: 0, none: '' });
      expect(stdout).toContain('"rejectedBy":{"incompatible_schema":2}');
      expect((await on.letters()).map((headers) => headers['rta.reason'])).toEqual(['incompatible_schema', 'incompatible_schema']);
      expect(totals(await on.rows('totals'))).toEqual(expectedTotals([...events(0, 4), ...events(6, 8)]));
    });

    it('`rebuild` goes on with the newest version and its state, where that is of the same layout', async () => {
      const on = new Drifting(env(), 'rebuild');
      on.define('totals', TOTALS, 'rebuild');
      // The reader wants `extra`, which the pipeline does not use.
      const EXTRA = eventSchema(USER, SCORE, { name: 'extra', type: 'string' });
      on.project.write('schemas/drifting.avsc', JSON.stringify(EXTRA));
      const sent = events(0, 4).map((event) => ({ ...event, extra: 'e' }));
      await on.send(EXTRA, sent);
      const run = on.start();
      await on.until('totals', 3, run.ended);
      await on.send(FIRST, events(4, 8));
      await on.send(
        EXTRA,
        events(8, 10).map((event) => ({ ...event, extra: 'e' })),
      );
      await on.until('totals', 6, run.ended);
      const { code, stderr } = await run.stop();
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
      await on.drain();
      expect(totals(await on.rows('totals'))).toEqual(expectedTotals(events(0, 10)));

      // Users get numbers: what is kept by user would be kept by something else.
      await on.registry.setCompatibility(on.subject, 'NONE');
      await on.send(eventSchema({ name: 'user', type: 'long' }, SCORE), [{ seq: 10n, user: 7n, score: 1 }]);
      const refused = await on.start('--until-end').ended;
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('its state has another layout');
      expect(totals(await on.rows('totals'))).toEqual(expectedTotals(events(0, 10)));
    });
  });
}
