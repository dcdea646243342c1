/** `rta demo`: boards without anything being set up. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';

// Others may have a demo running.
const temporary = temporaryDirectory();
process.env['TMPDIR'] = temporary;

const RANKED = ['top-players', 'top-teams'];

describe('rta demo', () => {
  it('shows boards, and reads something of each of the five use cases, from any directory, and leaves nothing behind', async () => {
    const seen = new Map<string, Record<string, unknown>[]>();
    const enough = new AbortController();
    const awaited = ['team-rushes', 'product-analytics', 'city-metrics', 'page-views', 'practice-session', ...RANKED];
    const cwd = temporaryDirectory();
    const { code, stderr } = await rta(['demo', '--for', '90s', '--rate', '500', '--json'], {
      cwd,
      signal: enough.signal,
      onStdout: (text) => {
        for (const line of ndjson(text)) {
          const { pipeline, rows, stats } = line as { pipeline?: string; rows?: Record<string, unknown>[]; stats?: { recordsIn: number } };
          if (pipeline === undefined) continue;
          if (rows !== undefined && (!RANKED.includes(pipeline) || rows.length === 10)) seen.set(pipeline, rows);
          if (stats !== undefined && stats.recordsIn > 0 && !RANKED.includes(pipeline)) seen.set(pipeline, []);
        }
        if (awaited.every((pipeline) => seen.has(pipeline))) enough.abort();
      },
    });
    expect({ code, stderr, missing: awaited.filter((pipeline) => !seen.has(pipeline)) }).toEqual({ code: 130, stderr: '', missing: [] });
    for (const pipeline of RANKED) {
      const rows = seen.get(pipeline)!;
      expect(rows.map((row) => row['rnk'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const scores = rows.map((row) => Number(row['total_score']));
      expect(scores).toEqual([...scores].sort((x, y) => y - x));
    }
    expect(readdirSync(cwd)).toEqual([]);
    expect(readdirSync(temporary).filter((name) => name.startsWith('rta-demo-'))).toEqual([]);
  }, 120_000);

  it('ends with 130 when it is interrupted', async () => {
    const interrupt = new AbortController();
    const { code, stdout } = await rta(['demo'], {
      signal: interrupt.signal,
      onStdout: () => {
        interrupt.abort();
      },
    });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^rta demo · embedded log in /);
    expect(stdout).toMatch(/^top-teams: \d+ records in /m);
  });
});
