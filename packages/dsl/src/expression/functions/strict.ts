/** Functions that are not called by value: their arguments are evaluated as needed, and a null among them does not make the result null. */
const LAZY: ReadonlySet<string> = new Set(['if']);

/** Whether a null argument makes the function's result null, without the function being called. So it is for all but `if`. */
export function isStrict(fn: string): boolean {
  return !LAZY.has(fn);
}
