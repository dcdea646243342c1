import { hostname } from 'node:os';
import type { CliContext } from '../context.js';

/** Who changes a deployment, for people: `ada@build-7`. */
export function whoChanges({ env }: Pick<CliContext, 'env'>): string {
  return `${env['USER'] ?? env['USERNAME'] ?? 'somebody'}@${hostname()}`;
}
