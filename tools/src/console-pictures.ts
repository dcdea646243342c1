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
/** Until ranks have moved, latencies have settled, people have bought something and windows of a minute have closed, ms. */
const SETTLE_MS = 240_000;
/** For an incident to end, ms. */
const PATIENCE_MS = 180_000;

interface Picture {
  readonly view: string;
  readonly colours?: 'dark';
  /** Which pipeline it shows. */
  readonly pipeline?: string;
  /** What must be there. */
  readonly waitFor?: string;
  readonly width?: number;
  /** At most. */
  readonly height?: number;
}

const PICTURES: Readonly<Record<string, Picture>> = {
  boards: { view: 'boards', height: 800 },
  topology: { view: 'topology', pipeline: 'top-players' },
  windows: { view: 'windows', waitFor: '.window.closed', height: 700 },
  analytics: { view: 'analytics', waitFor: '.funnel', height: 900 },
  alerts: { view: 'alerts', colours: 'dark', waitFor: '.incident.ended', height: 640 },
  freshness: { view: 'freshness', colours: 'dark', pipeline: 'top-players', height: 800 },
  phone: { view: 'boards', colours: 'dark', width: 390, height: 760 },
};

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
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  // Windows that close while somebody looks stay there.
  await page.goto(`${at}/#windows`);
  await page.waitForTimeout(SETTLE_MS);
  for (const [name, picture] of Object.entries(PICTURES)) await take(page, at, name, picture);
} finally {
  await browser.close();
  ending.abort();
  await ended;
  await rm(cwd, { recursive: true, force: true });
}

async function take(page: Page, at: string, name: string, { view, colours, pipeline, waitFor, width = 1200, height = 760 }: Picture) {
  // Bars on their way to their places would be on top of each other.
  await page.emulateMedia({ colorScheme: colours ?? 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height });
  await page.goto(`${at}/#${view}`);
  if (pipeline !== undefined) await page.getByRole('combobox', { name: 'Pipeline' }).selectOption(pipeline);
  if (waitFor !== undefined) await page.locator(waitFor).first().waitFor();
  await page.waitForTimeout(3_000);
  // No lower than what there is to see.
  const bottom = await page.evaluate<number>('document.querySelector("main").lastElementChild.getBoundingClientRect().bottom');
  await page.setViewportSize({ width, height: Math.min(height, Math.max(Math.ceil(bottom) + 18, Math.min(height, 660))) });
  await page.waitForTimeout(1_000);
  const path = join(DOCS, `console-${name}.png`);
  await page.screenshot({ path });
  process.stdout.write(`written: docs/console-${name}.png (${Math.round((await stat(path)).size / 1024)} KiB)\n`);
}
