/** What the live screen of `rta run` shows, as text, and how it is drawn. */
import { compile, type Column, type Plan } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { DURATION_BOUNDS, type WorkerSnapshot } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { boardLines } from '../src/run/board-lines.js';
import { shown } from '../src/run/board-rows.js';
import { LiveReport } from '../src/run/live-report.js';
import { logLine, summaryLines } from '../src/run/log-report.js';
import { ProgressMeter, type PipelineProgress } from '../src/run/progress.js';
import { screenLines } from '../src/run/screen.js';
import { printable, truncate, widthOf } from '../src/run/text-width.js';

const SCHEMA = {
  type: 'record',
  name: 'Score',
  fields: ['user', 'team']
    .map((name): { name: string; type: string } => ({ name, type: 'string' }))
    .concat({ name: 'points', type: 'int' }),
};

function planOf(yaml: string): Plan {
  const { plan, diagnostics } = compile({
    file: { path: 'best.yaml', text: yaml },
    project: null,
    loadSchema: () => ({ schema: SCHEMA, source: { path: 'score.avsc', text: '' } }),
    schemaNames: () => ['score'],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(JSON.stringify(diagnostics));
  return plan;
}

// The sink's rows are not those of the rank: what a board shows has been renamed, computed and filtered.
const PLAN = planOf(`
pipeline: best
source: { topic: scores, key: user, schema: score }
steps:
  - groupBy: user
    aggregate: { total: sum(points) }
  - topK: { k: 3, by: total desc, rank: place }
  - derive: { tenfold: total * 10 }
  - rename: { who: user }
  - filter: total > 1
sink: { topic: best }
boards:
  the best: { show: ranking, label: who, value: tenfold, by: place }
  all of it: { show: table, by: place }
`);

const START = Date.UTC(2026, 0, 1, 12);

const NOTHING_MEASURED = { bounds: DURATION_BOUNDS, counts: DURATION_BOUNDS.map(() => 0), sum: 0 };

function snapshot(at: number, records: number): WorkerSnapshot {
  const [, rank] = PLAN.steps;
  return {
    at: START + at,
    pipeline: 'best',
    recordsIn: records,
    late: 12,
    rejected: 1,
    rejectedBy: { bad_magic: 1 },
    lag: 1234,
    watermarkDelayMs: 5200,
    stateEntries: 3000,
    stateBytes: 420_000,
    inputs: [],
    commits: 7,
    status: 'running',
    progress: [7],
    lastCommitAt: START + at - 80,
    endToEndP50: 45,
    endToEndP95: null,
    endToEndP99: 1234,
    commitP50: 8,
    commitP99: 20,
    endToEnd: NOTHING_MEASURED,
    commitTime: NOTHING_MEASURED,
    tasks: 5,
    rejoins: 0,
    replayed: 0,
    standbys: [],
    steps: [...PLAN.steps, ...PLAN.sinks].map(({ id }) => ({
      id,
      op: '',
      in: records,
      out: records / 4,
      late: 0,
      rejected: id === PLAN.steps[0].id ? 1 : 0,
      stateEntries: id === PLAN.steps[0].id ? 3000 : 0,
      stateBytes: 420_000,
      watermarkDelayMs: 5200,
    })),
    boards: [
      {
        step: rank.id,
        columns: ['place', 'user', 'total'],
        rows: [
          { place: 1, user: 'ann', total: 1200 },
          { place: 2, user: '\u001B[31mred 🦊 東京', total: 700 },
          { place: 3, user: 'zoe', total: 1 },
        ],
      },
    ],
  };
}

function progress(): readonly PipelineProgress[] {
  const meter = new ProgressMeter(PLAN, START);
  meter.measure(snapshot(1000, 1000));
  return [meter.measure(snapshot(2000, 13_000))];
}

describe('the live screen', () => {
  it('at 80 columns', () => {
    expect(screenLines(progress(), 'rta run · embedded log in ./.rta · 2 s', { width: 80, height: 40, colour: false }).join('\n'))
      .toMatchInlineSnapshot(`
        "rta run · embedded log in ./.rta · 2 s

        pipeline / step         in/s    out/s   late rejected            state watermark
        best                  12,000    3,000     12        1     3,000 420 kB     5.2 s
          aggregate           12,000    3,000               1     3,000 420 kB     5.2 s
          topK                12,000    3,000                                      5.2 s
          derive              12,000    3,000                                      5.2 s
          rename              12,000    3,000                                      5.2 s
          filter              12,000    3,000                                      5.2 s
          → best              12,000    3,000                                      5.2 s
          lag 1,234 · end to end p50 45 ms, p99 1.2 s · last commit 80 ms ago

        the best
         1 ann              ████████████████████████████████████████████████████ 12,000
         2 ·[31mred 🦊 東京 ██████████████████████████████▍                       7,000

        all of it
         place  who               total  tenfold
             1  ann               1,200   12,000
             2  ·[31mred 🦊 東京    700    7,000"
      `);
  });

  it('puts boards side by side and leaves out steps where the terminal is low', () => {
    expect(screenLines(progress(), 'rta run', { width: 80, height: 12, colour: false }).join('\n')).toMatchInlineSnapshot(`
      "rta run

      pipeline                in/s    out/s   late rejected            state watermark
      best                  12,000    3,000     12        1     3,000 420 kB     5.2 s
        lag 1,234 · end to end p50 45 ms, p99 1.2 s · last commit 80 ms ago

      the best                                 all of it
       1 ann              ███████████ 12,000    place  who               total  tenfo…
       2 ·[31mred 🦊 東京 ██████▍      7,000        1  ann               1,200   12,0…
                                                    2  ·[31mred 🦊 東京    700    7,0…"
    `);
  });

  it.each([1, 20, 40, 79, 200])('fits into %i columns and as many lines as there are', (width) => {
    for (const height of [2, 10, 17, 40]) {
      const lines = screenLines(progress(), 'rta run', { width, height, colour: false });
      expect(lines.length).toBeLessThan(height);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it('has colours only in escapes around whole cells', () => {
    const [plain, coloured] = [false, true].map((colour) =>
      screenLines(progress(), 'rta run', { width: 80, height: 12, colour }).join('\n'),
    );
    // eslint-disable-next-line no-control-regex -- what colours are made of
    expect(coloured.replace(/\u001B\[\d*m/g, '')).toBe(plain);
    expect(coloured).not.toBe(plain);
  });

  it('is drawn in place, makes way for warnings, and gives the cursor back', () => {
    let text = '';
    const output = { isTTY: true, columns: 60, rows: 20, write: (part: string) => (text += part) };
    const live = new LiveReport({ stdout: output, stderr: output, env: { NO_COLOR: '1' } }, 'rta run');
    expect(text).toBe('\u001B[?25l');
    live.progress(progress());
    const lines = text.split('\n').length - 1;
    text = '';
    live.progress(progress());
    expect(text.startsWith(`\u001B[${String(lines)}F`)).toBe(true);
    text = '';
    live.warning('best', 'joining again');
    expect(text).toContain(`\u001B[${String(lines)}F\u001B[Jwarning: best: joining again\n`);
    text = '';
    live.end(progress());
    expect(text.startsWith(`\u001B[${String(lines)}F\u001B[J`)).toBe(true);
    expect(text.endsWith('\u001B[?25h')).toBe(true);
    // eslint-disable-next-line no-control-regex -- NO_COLOR
    expect(text).not.toMatch(/\u001B\[\d*m/);
  });
});

describe('without a terminal', () => {
  it('a line says how a pipeline is', () => {
    expect(progress().map(logLine).join('\n')).toMatchInlineSnapshot(
      `"12:00:02Z best  in 12,000/s (13,000)  out 3,000/s  late 12  rejected 1  lag 1,234  watermark 5.2 s behind  end to end p50 45 ms p99 1.2 s  commits 7"`,
    );
  });

  it('the summary has the boards', () => {
    expect(summaryLines(progress(), { width: 60, colour: false }).join('\n')).toMatchInlineSnapshot(`
      "the best
       1 ann              ████████████████████████████████ 12,000
       2 ·[31mred 🦊 東京 ██████████████████▋               7,000

      all of it
       place  who               total  tenfold
           1  ann               1,200   12,000
           2  ·[31mred 🦊 東京    700    7,000

      best: 13,000 records in (6,500/s), 3,250 out, 12 late, 1 rejected (bad_magic 1), 7 commits in 2 s"
    `);
  });
});

it('times, dates and decimals of a table are written as such', () => {
  const decimal = { kind: 'decimal', precision: 9, scale: 2 } as const;
  const columns: Column[] = [
    { name: 'at', type: { kind: 'timestamp', unit: 'millis' } },
    { name: 'day', type: { kind: 'nullable', of: { kind: 'date' } } },
    { name: 'price', type: decimal },
  ];
  const rows = shown(columns, [
    { at: START, day: 20_454, price: -1250n },
    { at: START + 5, day: null, price: 7n },
  ]);
  const board = { name: 'prices', sink: 's', show: 'table', label: null, value: null, by: null } as const;
  expect(boardLines({ pipeline: 'p', board, columns, rows }, { width: 80, colour: false }).join('\n')).toMatchInlineSnapshot(`
    "prices
                          at         day   price
         2026-01-01 12:00:00  2026-01-01  -12.50
     2026-01-01 12:00:00.005           –    0.07"
  `);
});

it('text of records cannot steer the terminal, and wide letters are counted as such', () => {
  expect(printable('a\u001B[2Jb\u0007\n')).toBe('a·[2Jb··');
  expect(widthOf('東京 🦊')).toBe(7);
  expect(truncate('東京東京', 6)).toBe('東京…');
});
