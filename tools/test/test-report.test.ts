import { expect, test } from 'vitest';
import { box, closingLine, countTests, type VitestReport } from '../src/test-report.js';

type FileResult = VitestReport['testResults'][number];

function report(passed: number, failed: number, pending: number, testResults: readonly FileResult[] = []): VitestReport {
  return { numPassedTests: passed, numFailedTests: failed, numPendingTests: pending, numTodoTests: 0, testResults };
}

test('passed, failed and skipped tests are counted', () => {
  const skipped = { name: 'a', status: 'passed', assertionResults: [{ status: 'skipped', fullName: 'needs Kafka' }] };
  const counts = countTests(report(3, 1, 1, [skipped]), 1);
  expect(counts).toEqual({ passed: 3, failed: 1, skipped: 1, skippedTests: ['needs Kafka'] });
  expect(closingLine(counts)).toBe('3 passed, 1 failed, 1 skipped');
});

test('a file that cannot be loaded is a failure', () => {
  const counts = countTests(report(3, 0, 0, [{ name: 'a', status: 'failed', assertionResults: [] }]), 1);
  expect(closingLine(counts)).toBe('3 passed, 1 failed');
});

test('a file with a failed test is not counted twice', () => {
  const file = { name: 'a', status: 'failed', assertionResults: [{ status: 'failed', fullName: 'x' }] };
  expect(countTests(report(0, 1, 0, [file]), 1).failed).toBe(1);
});

test('an error outside of any test is a failure', () => {
  expect(countTests(report(3, 0, 0), 1).failed).toBe(1);
});

test('a run without a report is a failure', () => {
  expect(closingLine(countTests(undefined, 1))).toBe('0 passed, 1 failed');
});

test('a box frames its lines', () => {
  expect(box(['one', 'three'])).toBe('╔═══════╗\n║ one   ║\n║ three ║\n╚═══════╝');
});
