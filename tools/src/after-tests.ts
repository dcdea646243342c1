/**
 * What is left to be done when the tests of a file are over, said at any time: within a test vitest takes no `afterAll`, and says nothing.
 * Imported, at the latest, while the file's tests are collected.
 */
import { afterAll } from 'vitest';

const left: (() => unknown)[] = [];

afterAll(async () => {
  const failures: unknown[] = [];
  for (const act of left.splice(0).reverse())
    await Promise.resolve()
      .then(act)
      .catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'what was left to be done after the tests');
});

/** The latest first; all of it, also where some fails. */
export function afterTests(act: () => unknown): void {
  left.push(act);
}
