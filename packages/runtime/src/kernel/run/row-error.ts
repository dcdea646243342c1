import { ExpressionError } from '@rta/dsl';
import type { TaskState } from './task-state.js';

/** Counts an expression's failure on a row that is no source's record; throws anything else on. */
export function rowError(K: TaskState, error: unknown): void {
  if (!(error instanceof ExpressionError)) throw error;
  K.rowErrors++;
}
