import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const CONSOLE = join(import.meta.dirname, '../../../packages/console');
/** What browsers have `light-dark()` since, and what it says of scripts. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5'];

/** The console's script or style sheet, in one file. */
export async function consolePage(entry: 'main.tsx' | 'console.css'): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: CONSOLE,
    entryPoints: [join('src/page', entry)],
    bundle: true,
    minify: true,
    write: false,
    outdir: dirname(CONSOLE),
    format: 'iife',
    target: BROWSERS,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}
