/** Functions that are not called by value: their arguments are evaluated as needed. */
const LAZY: ReadonlySet<string> = new Set(['if']);
/** Functions that are called with nulls too. */
const NULL_SAFE: ReadonlySet<string> = new Set(['use', 'rowJson', 'nullIf', 'array', 'inside', 'insideMap']);

/** Whether a null argument makes the function's result null, without the function being called. So it is for nearly all. */
export function isStrict(fn: string): boolean {
  return !LAZY.has(fn) && !NULL_SAFE.has(fn);
}
