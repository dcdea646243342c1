import { showFailure } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { colours } from '../output/colour.js';
import type { TestReport } from './run-tests.js';

/**
 * For people:
 *
 *     top-teams (pipelines/leaderboards/top-teams.yaml)
 *       ✓ teams are ranked by their sums (9 ms)
 *       ✗ equal sums go by name (8 ms)
 *         pipelines/leaderboards/top-teams.yaml:34:9: top-teams: 2 rows expected, 2 found: 1 wrong
 *         …
 *
 *     1 test passed, 1 failed (17 ms)
 */
export function textReport(context: Pick<CliContext, 'stdout' | 'env'>): TestReport {
  const coloured = colours(context.stdout, context.env);
  const paint = (code: number, text: string): string => (coloured ? `\u001B[${code}m${text}\u001B[0m` : text);
  const line = (text: string): void => {
    context.stdout.write(`${text}\n`);
  };
  let first = true;
  return {
    pipeline(plan) {
      if (!first) line('');
      first = false;
      line(`${paint(1, plan.pipeline)} (${plan.path})`);
    },
    test(_plan, test, { failures, durationMs }) {
      const mark = failures.length === 0 ? paint(32, '✓') : paint(31, '✗');
      line(`  ${mark} ${test.name} ${paint(2, `(${Math.round(durationMs)} ms)`)}`);
      for (const text of failures.flatMap((failure) => showFailure(failure).split('\n'))) line(`    ${paintDiff(text, paint)}`);
    },
    end({ passed, failed, durationMs }) {
      if (passed + failed === 0) return;
      const counts = [`${passed} ${passed === 1 ? 'test' : 'tests'} passed`, ...(failed > 0 ? [paint(31, `${failed} failed`)] : [])];
      line('');
      line(`${counts.join(', ')} (${Math.round(durationMs)} ms)`);
    },
  };
}

function paintDiff(text: string, paint: (code: number, text: string) => string): string {
  if (text.startsWith('  - ')) return paint(31, text);
  if (text.startsWith('  + ')) return paint(32, text);
  return /^[ ^]+$/.test(text) ? paint(33, text) : text;
}
