/** `rta test`: on the pipelines of this project, and on projects that are wrong. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../src/index.js';

const ROOT = join(import.meta.dirname, '../../..');
const directory = mkdtempSync(join(tmpdir(), 'rta-test-command-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
mkdirSync(join(directory, 'schemas'));
writeFileSync(
  join(directory, 'schemas/event.avsc'),
  JSON.stringify({
    type: 'record',
    name: 'Event',
    fields: [
      { name: 'user', type: 'string' },
      { name: 'score', type: 'int' },
    ],
  }),
);
const TOTALS = `pipeline: totals
source: { topic: in, schema: event }
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
sink: { topic: out }
`;
file(
  'totals.yaml',
  `${TOTALS}tests:
  adds up:
    given: { in: [ { user: ann, score: 1 }, { user: ann, score: 2 } ] }
    expect: { out: [ { user: ann, total: 3 } ] }
  is wrong:
    given: { in: [ { user: ann, score: 1 }, { user: bob, score: 2 } ] }
    expect:
      out:
        - { user: ann, total: 1 }
        - { user: bob, total: 3 }
`,
);
file('untested.yaml', TOTALS);
file('broken.yaml', TOTALS.replace('sum(score)', 'sum(scor)'));

function file(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

async function rta(cwd: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runCli(['test', ...args], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out: out.replace(/\(\d+ ms\)/g, '(# ms)'), err };
}

const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('rta test', () => {
  it('passes on every pipeline of this project, each of which has tests', async () => {
    const { code, out, err } = await rta(ROOT, '--json');
    const lines = jsonLines(out);
    expect(lines.filter((line) => line['ok'] === false).map((line) => JSON.stringify(line, null, 2))).toEqual([]);
    expect(err).toBe('');
    expect(code).toBe(0);
    const pipelines = readdirSync(join(ROOT, 'pipelines'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name) && /^pipeline:/m.test(readFileSync(join(ROOT, 'pipelines', name), 'utf8')))
      .map((name) => join('pipelines', name));
    expect([...new Set(lines.flatMap((line) => (line['test'] === undefined ? [] : [line['path']])))].sort()).toEqual(pipelines.sort());
  });

  it('shows what failed, and ends with 1', async () => {
    const { code, out, err } = await rta(directory, 'totals.yaml');
    expect(out).toBe(`totals (totals.yaml)
  ✓ adds up (# ms)
  ✗ is wrong (# ms)
    totals.yaml:16:11: out: 2 rows expected, 2 found: 1 wrong
        user  total
        ann       1
      - bob       3
      + bob       2
                  ^

1 test passed, 1 failed (# ms)
`);
    expect(err).toBe('');
    expect(code).toBe(1);
  });

  it('runs what the pattern names', async () => {
    expect(await rta(directory, 'totals.yaml', '--only', 'ADDS')).toEqual({
      code: 0,
      out: 'totals (totals.yaml)\n  ✓ adds up (# ms)\n\n1 test passed (# ms)\n',
      err: '',
    });
    expect(await rta(directory, 'totals.yaml', '--only', 'totals*up')).toMatchObject({ code: 0 });
    const { code, err } = await rta(directory, 'totals.yaml', '--only', 'nothing');
    expect(err).toBe('error no_tests: no test has "nothing" in its name\n');
    expect(code).toBe(1);
  });

  it('does not take no tests for success', async () => {
    const { code, err } = await rta(directory, 'untested.yaml');
    expect(err).toContain('error no_tests: there is no test in these pipelines');
    expect(code).toBe(1);
  });

  it('runs the tests of files that compile, and says what is wrong with the others', async () => {
    const { code, out, err } = await rta(directory, '.', '--only', 'adds');
    expect(err).toMatch(/broken\.yaml:5:\d+: error .*scor/);
    expect(out).toContain('✓ adds up');
    expect(code).toBe(1);
    const broken = await rta(directory, 'broken.yaml');
    expect(broken.err).toContain('1 error');
    expect(broken).toMatchObject({ code: 1, out: '' });
  });

  it('prints NDJSON', async () => {
    const { code, out } = await rta(directory, 'totals.yaml', '--json');
    const [version, passed, failed, summary] = jsonLines(out);
    expect(version).toEqual({ rta: 1, command: 'test' });
    expect(passed).toMatchObject({ test: 'adds up', pipeline: 'totals', path: 'totals.yaml', line: 8, column: 3, ok: true, failures: [] });
    expect(failed).toMatchObject({
      test: 'is wrong',
      ok: false,
      failures: [
        {
          kind: 'rows',
          section: 'expect',
          topic: 'out',
          path: 'totals.yaml',
          line: 16,
          column: 11,
          rows: [
            { expected: { user: 'ann', total: '1' }, actual: { user: 'ann', total: '1' }, differing: [] },
            { expected: { user: 'bob', total: '3' }, actual: { user: 'bob', total: '2' }, differing: ['total'] },
          ],
        },
      ],
    });
    expect(summary).toMatchObject({ summary: { ok: false, passed: 1, failed: 1, pipelines: 1 } });
    expect(code).toBe(1);
  });

  it('stops when it is interrupted', async () => {
    const context = { stdout: { write: () => true }, stderr: { write: () => true }, env: {}, cwd: directory };
    expect(await runCli(['test', 'totals.yaml'], { ...context, signal: AbortSignal.abort() })).toBe(130);
  });

  it('explains itself, and takes no unknown option', async () => {
    expect(await rta(directory, '--help')).toMatchObject({ code: 0 });
    expect(await rta(directory, '--bless')).toMatchObject({ code: 2 });
    expect(await rta(directory, '--update', '--watch')).toMatchObject({ code: 2 });
    expect(await rta(directory, 'nowhere.yaml')).toMatchObject({ code: 2 });
  });
});
