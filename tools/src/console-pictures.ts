/**
 * `pnpm picture:console`: photographs the console of a real `rta demo` into `docs/console-*.png`. Its figures are of the machine that does it; do it
 * again where the page has changed.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@rta/cli';
import { launchChromium, type Page } from './chromium.js';

const DOCS = join(import.meta.dirname, '../../docs');
/** Until ranks have moved and latencies have settled, ms. */
const SETTLE_MS = 45_000;

const ending = new AbortController();
const cwd = await mkdtemp(join(tmpdir(), 'rta-picture-'));
let listening: (url: string) => void = () => undefined;
const url = new Promise<string>((resolve) => (listening = resolve));
let printed = '';
const ended = runCli(['demo', '--seed', '1', '--json', '--http', '0', '--dir', '.rta'], {
  stdout: {
    write: (text: string) => {
      printed = (printed + text).slice(-10_000);
      const [, found] = /"http":"([^"]+)"/.exec(printed) ?? [];
      if (found !== undefined) listening(found);
    },
  },
  stderr: process.stderr,
  env: {},
  cwd,
  signal: ending.signal,
});
const early = ended.then((code) => Promise.reject(new Error(`rta demo ended with ${code}`)));
const browser = await launchChromium();
try {
  const at = await Promise.race([url, early]);
  const page = await browser.newPage({ viewport: { width: 1200, height: 780 }, colorScheme: 'light' });
  await page.goto(at);
  await page.waitForTimeout(SETTLE_MS);
  await picture(page, 'boards');
  await page.keyboard.press('2');
  await page.getByRole('combobox', { name: 'Pipeline' }).selectOption('top-players');
  await page.waitForTimeout(3_000);
  await picture(page, 'topology');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.keyboard.press('3');
  await page.waitForTimeout(3_000);
  await picture(page, 'freshness');
} finally {
  await browser.close();
  ending.abort();
  await ended;
  await rm(cwd, { recursive: true, force: true });
}

/** As much as the page is high. */
async function picture(page: Page, name: string): Promise<void> {
  const path = join(DOCS, `console-${name}.png`);
  const footer = (await page.locator('footer').boundingBox())!;
  await page.screenshot({
    path,
    clip: { x: 0, y: 0, width: 1200, height: Math.min(Math.ceil(footer.y + footer.height), 900) },
    fullPage: true,
  });
  process.stdout.write(`written: docs/console-${name}.png (${Math.round((await stat(path)).size / 1024)} KiB)\n`);
}
