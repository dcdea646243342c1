/** `rta run --http` in this process, for tests that ask it over HTTP. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterTests } from '@rta/tools/after-tests';
import { ROOT, rta, spawnRta, temporaryDirectory, type RtaOptions, type RtaProcess, type RtaResult } from '../support/cli.js';

/** A project with one pipeline that counts the events that browsers send, by user, and by page and minute. */
export function collectProject(http: readonly string[] = []): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'pipelines'));
  mkdirSync(join(directory, 'schemas'));
  copyFileSync(join(ROOT, 'schemas/web_event.avsc'), join(directory, 'schemas/web_event.avsc'));
  const project = [
    'sources:',
    '  web_events: { topic: web-events, schema: web_event, format: json, time: timestamp, lateness: 5s }',
    'http:',
    '  collect:',
    '    source: web_events',
    '    rejects: web-events-rejected',
    ...http,
  ];
  const pipeline = [
    'pipeline: visits',
    'source: web_events',
    'streams:',
    '  users:',
    '    from: web_events',
    '    steps:',
    '      - groupBy: user_id',
    '        aggregate: { events: count(), pages: count(distinct properties.page_id) }',
    '  pages:',
    '    from: web_events',
    '    steps:',
    '      - filter: properties.page_id != null',
    '      - groupBy: { page: properties.page_id }',
    '        window: { tumbling: 1m }',
    '        aggregate: { views: count() }',
    'sinks:',
    '  users: { from: users, topic: users }',
    '  pages: { from: pages, topic: pages }',
  ];
  writeFileSync(join(directory, 'pipelines/rta.yaml'), `${project.join('\n')}\n`);
  writeFileSync(join(directory, 'pipelines/visits.yaml'), `${pipeline.join('\n')}\n`);
  return directory;
}

/** As a browser's beacon. */
export async function beacon(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${url}/analytics/collect`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers },
  });
}

export interface Serving {
  readonly url: string;
  /** What it has printed so far. */
  printed(): string;
  /** As Ctrl-C. */
  stop(): Promise<RtaResult>;
}

/** Resolves when it listens; rejects when it ends before. Stopped after the tests of the file. */
export async function serve(
  args: readonly string[],
  options: Omit<RtaOptions, 'signal' | 'onStdout'> = {},
  command: 'run' | 'worker' = 'run',
): Promise<Serving> {
  const ending = new AbortController();
  let stdout = '';
  let listening: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => (listening = resolve));
  const ended = rta([command, ...args, '--http', '0', '--json'], {
    ...options,
    signal: ending.signal,
    onStdout: (text) => {
      stdout += text;
      const [, found] = /"http":"([^"]+)"/.exec(stdout) ?? [];
      if (found !== undefined) listening(found);
    },
  });
  const stop = (): Promise<RtaResult> => {
    ending.abort();
    return ended;
  };
  afterTests(stop);
  const early = ended.then(({ code, stderr }) => {
    throw new Error(`ended with ${String(code)} before it listened: ${stderr}`);
  });
  return { url: await Promise.race([url, early]), printed: () => stdout, stop };
}

/** Asks until what comes satisfies; rejects with what came last after `timeoutMs`. */
export async function eventually<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > until) throw new Error(`not so after ${timeoutMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** As `serve`, in a process of its own: what that has open is another's here. */
export async function serveApart(options: Pick<RtaOptions, 'cwd' | 'env'>): Promise<RtaProcess & { readonly url: string }> {
  const process = spawnRta(['run', '--http', '0', '--json'], options);
  let stdout = '';
  process.child.stdout!.on('data', (text: string) => (stdout += text));
  await process.printed(/"http":"([^"]+)"/);
  return { ...process, url: /"http":"([^"]+)"/.exec(stdout)![1] };
}
