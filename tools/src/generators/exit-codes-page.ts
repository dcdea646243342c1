import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CODES } from '@rta/cli';
import { replaceBetweenMarks } from '../generate-files.js';
import { table } from './markdown.js';

const PAGE = join(import.meta.dirname, '../../../docs/exit-codes.md');

/** The page as it is, with the present table. */
export async function exitCodesPage(): Promise<string> {
  const rows = Object.values(EXIT_CODES).map(({ code, meaning, supervisor }) => [String(code), meaning, supervisor]);
  return replaceBetweenMarks(await readFile(PAGE, 'utf8'), 'exit-codes', table(['Code', 'Meaning', 'What a supervisor does'], rows));
}
