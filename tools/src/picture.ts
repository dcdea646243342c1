/**
 * `pnpm picture`: draws `docs/boards.svg` from the last screen of a real `rta demo`. Its figures are of the machine that draws it, so it is
 * no generated file that could be checked; draw it again where the screen has changed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@rta/cli';
import { ansiToSvg } from './ansi-svg.js';

const PICTURE = join(import.meta.dirname, '../../docs/boards.svg');
/** Long enough for rates and latencies to settle. */
const DEMO = ['demo', '--seed', '1', '--for', '30s', '--dir', '.rta'];

const cwd = await mkdtemp(join(tmpdir(), 'rta-picture-'));
let screen: readonly string[] = [];
try {
  process.exitCode = await runCli(DEMO, {
    stdout: {
      isTTY: true,
      columns: 100,
      rows: 42,
      write: (text: string) => {
        // A screen is one write that ends by clearing what is below it.
        // eslint-disable-next-line no-control-regex -- cursor movements
        if (text.endsWith('\u001B[J') && text.includes('\n')) screen = text.replace(/\u001B\[\d*[FKJ]/g, '').split('\n');
      },
    },
    stderr: process.stderr,
    env: {},
    cwd,
    signal: new AbortController().signal,
  });
} finally {
  await rm(cwd, { recursive: true, force: true });
}
const lines = screen.slice(0, screen.findLastIndex((line) => line !== '') + 1);
await writeFile(PICTURE, ansiToSvg(lines, 'rta demo: the ten best teams and players, live in the terminal'));
process.stdout.write(`written: docs/boards.svg (${lines.length} lines)\n`);
