import type { AddCommand } from '../program.js';
import { addCheck } from './check.js';

/** Every command, in the order of `rta --help`. */
export const commands: readonly AddCommand[] = [addCheck];
