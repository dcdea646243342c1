/** `rta test --update`: what it writes, and what it leaves alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ndjson } from './support/cli.js';
import { testProject, TOTALS } from './support/test-project.js';

const GIVEN = `given: { in: [ { user: ann, score: 1 }, { user: bob, score: 2 }, { user: cid, score: 3 } ] }`;

/** Runs `--update` on a pipeline with these tests: its tests afterwards, and what was printed. */
async function updated(
  tests: string,
  files: Record<string, string> = {},
): Promise<{ tests: string; code: number; stdout: string; read: (name: string) => string }> {
  const { test, directory } = testProject({ 'totals.yaml': `${TOTALS}# tests\ntests:\n${tests}`, ...files });
  const { code, stdout } = await test(['--update']);
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const text = read('totals.yaml');
  expect(text.startsWith(`${TOTALS}# tests\ntests:\n`)).toBe(true);
  return { tests: text.slice(`${TOTALS}# tests\ntests:\n`.length), code, stdout, read };
}

describe('rta test --update', () => {
  it('changes cells, rows and their number, and nothing else', async () => {
    const { tests, code, stdout } = await updated(`  # first
  wrong cell:
    ${GIVEN}   # as it is
    expect:
      out:
        # ann comes first
        - { user: ann,   total: 7 }   # seven
        - user: bob
          total: 2
        - { total: 30, user: cid }


  too few:
    ${GIVEN}
    expect:
      out:
        - { user: bob, total: 2 } # last
    # the end
  too many:
    given: { in: [ { user: bob, score: 2 } ] }
    expect:
      out:
        - { user: ann } # gone
        - { user: bob }
        - user: cid
          total: 9
  none:
    ${GIVEN}
    expect: { out: [] }
  passes: { ${GIVEN}, expect: { out: [{user: ann},{user: bob},{user: cid}] } }
`);
    expect(tests).toBe(`  # first
  wrong cell:
    ${GIVEN}   # as it is
    expect:
      out:
        # ann comes first
        - { user: ann,   total: 1 }   # seven
        - user: bob
          total: 2
        - { total: 3, user: cid }


  too few:
    ${GIVEN}
    expect:
      out:
        - { user: bob, total: 2 } # last
        - { user: ann, total: 1 }
        - { user: cid, total: 3 }
    # the end
  too many:
    given: { in: [ { user: bob, score: 2 } ] }
    expect:
      out:
        - { user: bob }
  none:
    ${GIVEN}
    expect: { out: [ { user: ann, total: 1 }, { user: bob, total: 2 }, { user: cid, total: 3 } ] }
  passes: { ${GIVEN}, expect: { out: [{user: ann},{user: bob},{user: cid}] } }
`);
    expect(stdout).toBe(`updated totals.yaml:13: wrong cell: out: 2 changed
updated totals.yaml:24: too few: out: 2 added
updated totals.yaml:30: too many: out: 2 removed
updated totals.yaml:37: none: out: 3 added

totals (totals.yaml)
  ✓ wrong cell (# ms)
  ✓ too few (# ms)
  ✓ too many (# ms)
  ✓ none (# ms)
  ✓ passes (# ms)

5 tests passed (# ms)
`);
    expect(code).toBe(0);
  });

  it('writes lists in brackets, histories, counts and state', async () => {
    const { tests, code } = await updated(
      `  brackets: { ${GIVEN}, expect: { out: [ { user: x }, { user: bob }, { user: cid }, { user: y }, { user: z } ] } }
  fewer: { given: { in: [ { user: bob, score: 1 } ] }, expect: { out: [{ user: a }, { user: bob }, { user: c }] } }
  steps:
    steps:
      - send: { in: [ { user: ann, score: 1 } ] }
      - expect:
          out:
            - { user: ann, total: 2 }
      - send: { in: [ { user: bob, score: 1 }, { user: ann, score: 2 } ] }
      - history:
          out:
            - { user: ann, total: 3 }
            - { user: ann, total: 3 }
      - state: { aggregate: 7 }
      - late: 3
      - expect:
          out:
  all gone:
    given: { in: [] }
    expect:
      out:
        - { user: ann }
        - { user: bob }
`.replace('      - expect:\n          out:\n  all', '  all'),
    );
    expect(tests).toBe(`  brackets: { ${GIVEN}, expect: { out: [ { user: ann }, { user: bob }, { user: cid } ] } }
  fewer: { given: { in: [ { user: bob, score: 1 } ] }, expect: { out: [{ user: bob }] } }
  steps:
    steps:
      - send: { in: [ { user: ann, score: 1 } ] }
      - expect:
          out:
            - { user: ann, total: 1 }
      - send: { in: [ { user: bob, score: 1 }, { user: ann, score: 2 } ] }
      - history:
          out:
            - { user: ann, total: 1 }
            - { user: bob, total: 1 }
            - { user: ann, total: 3 }
      - state: { aggregate: 2 }
      - late: 0
  all gone:
    given: { in: [] }
    expect:
      out: []
`);
    expect(code).toBe(0);
  });

  it('writes files of JSON lines', async () => {
    const rows = '{"user": "ann", "total": 1}\n{"total":5,"user":"bob"}\n{"user":"x"}\n';
    const { code, stdout, read, tests } = await updated(
      `  t: { ${GIVEN}, expect: { out: rows.jsonl } }\n  csv: { ${GIVEN}, expect: { out: rows.csv } }\n`,
      {
        'rows.jsonl': rows,
        'rows.csv': 'user\nann\n',
      },
    );
    expect(read('rows.jsonl')).toBe('{"user": "ann", "total": 1}\n{"user":"bob","total":2}\n{"user":"cid","total":3}\n');
    expect(read('rows.csv')).toBe('user\nann\n');
    expect(tests).toContain('rows.jsonl');
    expect(stdout).toContain('updated rows.jsonl:9: t: out: 2 changed');
    expect(stdout).toContain('totals.yaml:10: csv: out: not updated: only lists and files of JSON lines are');
    expect(code).toBe(1);
  });

  it('refuses in CI, unless it is forced', async () => {
    const tests = `tests: { t: { ${GIVEN}, expect: { out: [] } } }\n`;
    const { test, directory } = testProject({ 'totals.yaml': TOTALS + tests });
    const refused = await test(['--update'], { env: { CI: 'true' } });
    expect(refused.stderr).toContain('error update_in_ci: CI is set');
    expect(refused.code).toBe(1);
    expect(readFileSync(join(directory, 'totals.yaml'), 'utf8')).toBe(TOTALS + tests);
    const forced = await test(['--update', '--force', '--json'], { env: { CI: 'true' } });
    expect(ndjson(forced.stdout)[1]).toEqual({
      update: { pipeline: 'totals', test: 't', section: 'expect', topic: 'out', path: 'totals.yaml', what: '3 added' },
    });
    expect(forced.code).toBe(0);
  });

  it('leaves tests alone that an error stops, and says so', async () => {
    const { tests, code, stdout } = await updated(`  t: { given: { in: [ { user: a, $value: x } ] }, expect: { out: [] } }\n`);
    expect(tests).toBe(`  t: { given: { in: [ { user: a, $value: x } ] }, expect: { out: [] } }\n`);
    expect(stdout).toMatch(/^totals\.yaml:9: t: not updated: in-0 offset 0: bad_magic/);
    expect(code).toBe(1);
  });
});
