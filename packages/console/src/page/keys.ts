/** Of no combination of keys, and not typed into something. */
export function isPlain({ ctrlKey, altKey, metaKey, target }: KeyboardEvent): boolean {
  return !ctrlKey && !altKey && !metaKey && !(target instanceof HTMLElement && target.matches('input, select, textarea'));
}
