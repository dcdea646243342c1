/** `rta test`: records and expected rows in files beside the pipeline. */
import { expect, it } from 'vitest';
import { testProject, TOTALS } from './support/test-project.js';

it('reads records and expectations from files, relative to the pipeline', async () => {
  const { test } = testProject({
    'p/totals.yaml': `${TOTALS}tests:
  JSON lines:
    given: { in: ./rows/in.jsonl }
    expect: { out: rows/out.csv }
    history: { out: [ { user: ann, total: 1 }, { user: bob, total: 5 }, { user: ann, total: 3 } ] }
  CSV:
    given: { in: ../in.csv }
    expect: { out: rows/out.jsonl }
`,
    'p/rows/in.jsonl': '{"user":"ann","score":1,"$time":"12:00"}\n\n{"user": "bob", "score": 5}\r\n{"user":"ann","score":2}',
    'p/rows/out.jsonl': '{"user":"ann","total":3}\n{"user":"bob","total":5}\n',
    'p/rows/out.csv': 'total,user\n5,bob\n3,"ann"\n',
    'in.csv': 'user,score,$time\nann,1,12:00\nbob,5,\nann,2,\n',
  });
  const { code, stdout, stderr } = await test(['p']);
  expect(stderr).toBe('');
  expect(stdout).toBe('totals (p/totals.yaml)\n  ✓ JSON lines (# ms)\n  ✓ CSV (# ms)\n\n2 tests passed (# ms)\n');
  expect(code).toBe(0);
});

it('names the line of the file that holds an expected row that is not there', async () => {
  const { test } = testProject({
    'totals.yaml': `${TOTALS}tests: { t: { given: { in: in.jsonl }, expect: { out: out.jsonl } } }\n`,
    'in.jsonl': '{"user":"ann","score":1}\n',
    'out.jsonl': '{"user":"ann","total":1}\n{"user":"bob","total":5}\n',
  });
  const { code, stdout } = await test();
  expect(stdout).toContain('    out.jsonl:2:1: out: 2 rows expected, 1 found: 1 missing\n');
  expect(code).toBe(1);
});

it('says which file is missing, and which line is wrong', async () => {
  const { test } = testProject({
    'totals.yaml': `${TOTALS}tests: { t: { given: { in: in.jsonl }, expect: { out: there/is/none.jsonl } } }\n`,
    'in.jsonl': '{"user":"ann","score":1}\n{"user":"ann","score":"many"}\n{"user":"ann","score":1\n',
  });
  const { code, stderr } = await test();
  expect(stderr).toContain('in.jsonl:2:23: error RTA3403: `many` is not an int');
  expect(stderr).toContain('in.jsonl:3:24: error RTA3411: `,` or `}` was expected, and the line ends');
  expect(stderr).toMatch(/totals\.yaml:7:\d+: error RTA3409: there is no file `there\/is\/none\.jsonl`/);
  expect(code).toBe(1);
});
