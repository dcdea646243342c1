/** Runs with their console, and a browser that looks at it. */
import { findChromium, launchChromium, type Browser, type Page } from '@rta/tools';
import { afterAll, describe, expect } from 'vitest';
import { spawnRta, type RtaProcess } from '../../packages/cli/test/support/cli.js';

/** As `describe`; left out, and said so, where there is no browser. */
export const describeInBrowser = describe.skipIf(findChromium() === null);
if (findChromium() === null)
  process.stderr.write('LEFT OUT: the tests of the console: no Chromium is on the PATH, and CHROMIUM names none.\n');

export interface Shown {
  readonly process: RtaProcess;
  readonly url: string;
}

/** Resolves when it listens; stopped after the tests of the file. */
export async function show(args: readonly string[], cwd?: string, env: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const process = spawnRta([...args, '--json'], { env, ...(cwd === undefined ? {} : { cwd }) });
  let printed = '';
  process.child.stdout!.on('data', (text: string) => (printed += text));
  const address = /"http":"([^"]+)"/;
  await process.printed(address);
  return { process, url: address.exec(printed)![1] };
}

let browser: Promise<Browser> | null = null;
afterAll(async () => (await browser)?.close());

/** What the page has complained about: there must be nothing but of connections that are lost. */
export interface Watched {
  readonly page: Page;
  readonly errors: readonly string[];
  /** Hosts that it has asked for something. */
  readonly hosts: ReadonlySet<string>;
}

/** A window of its own. */
export async function openPage(options: { readonly colorScheme?: 'light' | 'dark' } = {}): Promise<Watched> {
  browser ??= launchChromium();
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 860 }, colorScheme: 'light', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const errors: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/ERR_(CONNECTION|FAILED|INCOMPLETE|EMPTY)/.test(message.text())) errors.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http')) hosts.add(host);
  });
  return { page, errors, hosts };
}

/** Asks until it is so; fails with what it was last. */
export async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean, ms = 30_000): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await ask();
    if (isSo(found)) return found;
    if (performance.now() > deadline) expect.fail(`not so after ${ms} ms: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
