/** `pnpm generate`: writes every generated file. `pnpm generate:check`: writes nothing, and fails naming those that are not current. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generators } from './generators.js';
import { generateFiles } from './generate-files.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const check = process.argv.includes('--check');
const stale = await generateFiles(root, generators, { check });

for (const file of stale) process.stdout.write(check ? `not current: ${file}\n` : `written: ${file}\n`);
if (check && stale.length > 0) {
  process.stdout.write('Run `pnpm generate` and commit the result.\n');
  process.exitCode = 1;
} else {
  process.stdout.write(`${generators.length} generated files are current\n`);
}
