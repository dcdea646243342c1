import type { CliContext, Output } from '../context.js';

/** Whether to colour: a terminal, unless `NO_COLOR` says no. */
export function colours(output: Output, env: CliContext['env']): boolean {
  return output.isTTY === true && (env['NO_COLOR'] ?? '') === '';
}
