/** `rta test --watch`, as a process of its own. */
import { expect, it } from 'vitest';
import { spawnRta } from './support/cli.js';
import { testProject, TOTALS } from './support/test-project.js';

const tested = (name: string, total: number): string =>
  `${TOTALS.replace('totals', name)}tests: { adds up: { given: { in: in.jsonl }, expect: { out: [ { user: ann, total: ${total} } ] } } }\n`;

it('runs again what a saved file changes, goes on after errors, and ends with 130', { timeout: 120_000 }, async () => {
  const { directory, write } = testProject({
    'p/one.yaml': tested('one', 1),
    'p/two.yaml': tested('two', 2),
    'p/in.jsonl': '{"user":"ann","score":1}\n',
  });
  const watching = spawnRta(['test', 'p', '--watch'], { cwd: directory });
  await watching.printed(/one \(p\/one\.yaml\)\n {2}✓ adds up[^]*two \(p\/two\.yaml\)\n {2}✗ adds up[^]*1 failed/);
  write('p/two.yaml', tested('two', 1));
  await watching.printed(/1 failed[^]*two \(p\/two\.yaml\)\n {2}✓ adds up[^]*\n1 test passed \(/);
  write('p/one.yaml', tested('one', 1).replace('sum(score)', 'sum(scor)'));
  await watching.reported(/one\.yaml:5:\d+: error .*scor/);
  write('p/one.yaml', tested('one', 7));
  await watching.printed(/\n1 test passed[^]*one \(p\/one\.yaml\)\n {2}✗ adds up[^]*1 failed/);
  // Both read the same rows.
  write('p/in.jsonl', '{"user":"ann","score":7}\n');
  await watching.printed(
    /one \(p\/one\.yaml\)\n {2}✓ adds up[^]*two \(p\/two\.yaml\)\n {2}✗ adds up[^]*\n1 test passed, 1 failed[^]*\n1 test passed, 1 failed/,
  );
  write('p/more/three.yaml', tested('three', 7).replace('in.jsonl', '../in.jsonl'));
  await watching.printed(/three \(p\/more\/three\.yaml\)\n {2}✓ adds up/);
  watching.child.kill('SIGINT');
  const { code, stdout } = await watching.ended;
  expect(code).toBe(130);
  expect(stdout.match(/^two \(/gm)).toHaveLength(3);
});
