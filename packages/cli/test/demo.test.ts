/** `rta demo`: boards without anything being set up. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';

// Others may have a demo running.
const temporary = temporaryDirectory();
process.env['TMPDIR'] = temporary;

describe('rta demo', () => {
  it('shows boards from any directory, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await rta(['demo', '--for', '10s', '--rate', '500', '--json'], { cwd: temporaryDirectory() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = ndjson(stdout);
    expect(lines[0]).toEqual({ rta: 1, command: 'demo' });
    for (const pipeline of ['top-players', 'top-teams']) {
      const rows = lines.findLast((line) => line['pipeline'] === pipeline && 'board' in line)?.['rows'] as {
        rnk: number;
        total_score: number;
      }[];
      expect(rows.map((row) => row.rnk)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const scores = rows.map((row) => row.total_score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    }
    // Each of the five use cases has read something.
    for (const pipeline of ['team-rushes', 'product-analytics', 'city-metrics', 'page-views', 'practice-session']) {
      const { summary } = lines.find((line) => line['pipeline'] === pipeline && 'summary' in line) as { summary: { recordsIn: number } };
      expect(summary.recordsIn).toBeGreaterThan(0);
    }
    expect(readdirSync(temporary).filter((name) => name.startsWith('rta-demo-'))).toEqual([]);
  });

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
