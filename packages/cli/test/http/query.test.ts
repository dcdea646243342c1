/** What pipelines keep and have written, over HTTP, as events, and by `rta query`. */
import { get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ndjson, rta } from '../support/cli.js';
import { beacon, collectProject, eventually, serve, type Serving } from './serving.js';

const MINUTE = 60_000;
const AT = Date.UTC(2026, 0, 1, 12);
const viewed = (user: string, page: string, at: number): object => ({
  event_type: 'page_viewed',
  timestamp: at,
  user_id: user,
  properties: { page_id: page },
});
const iso = (ms: number): string => new Date(ms).toISOString();

interface Answered {
  readonly rows: readonly { readonly row: Readonly<Record<string, unknown>>; readonly final: boolean }[];
  readonly asOf: { readonly time: string; readonly watermark: string | null };
  readonly final: boolean;
  readonly more: boolean;
}

async function ask(run: Serving, path: string): Promise<Answered> {
  const response = await fetch(`${run.url}/query/visits/${path}`);
  const body = (await response.json()) as Answered;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
}

const rows = ({ rows: found }: Answered): unknown[] => found.map(({ row }) => row);

describe.each([1, 2])('queries with %i workers', (workers) => {
  it('answer by key, range and window, from state and sinks, with as of when and whether it is final', async () => {
    const cwd = collectProject();
    const run = await serve(['--workers', String(workers)], { cwd });
    // The first request goes to one partition, the second to another.
    const early = [viewed('ann', 'home', AT), viewed('ann', 'cart', AT + 1), viewed('bob', 'home', AT + 2 * MINUTE)];
    for (let i = 0; i < 4; i++) expect((await beacon(run.url, early)).status).toBe(202);
    await eventually(
      () => fetch(`${run.url}/query/visits/users?key=bob`).then((response) => response.json() as Promise<Answered>),
      ({ rows: found }) => found?.[0]?.row['events'] === 4,
    );
    expect(rows(await ask(run, 'users?key=ann'))).toEqual([{ user_id: 'ann', events: 8, pages: 2 }]);
    expect(rows(await ask(run, 'users?from=b&to=c'))).toEqual([{ user_id: 'bob', events: 4, pages: 1 }]);
    expect(rows(await ask(run, 'users?key=eve'))).toEqual([]);

    const contents = (await (await fetch(`${run.url}/query`)).json()) as { pipelines: { stores: { name: string; windowed: boolean }[] }[] };
    const { stores } = contents.pipelines[0];
    const users = stores.find(({ windowed }) => !windowed)!.name;
    const pages = stores.find(({ windowed }) => windowed)!.name;
    const kept = await ask(run, `${encodeURIComponent(users)}?key=ann`);
    expect(rows(kept)).toEqual([expect.objectContaining({ user_id: 'ann', events: 8, pages: 2 })]);
    expect(kept.final).toBe(false);
    expect(Date.parse(kept.asOf.time)).toBeGreaterThan(Date.now() - 60_000);

    // Windows: the first is closed by the watermark, the second is open; the sink has both, the store what is open.
    const window = { page: 'home', window_start: iso(AT), window_end: iso(AT + MINUTE), views: 4 };
    const open = { page: 'home', window_start: iso(AT + 2 * MINUTE), window_end: iso(AT + 3 * MINUTE), views: 4 };
    const sink = await eventually(
      () => ask(run, 'pages?key=home'),
      ({ rows: found }) => found.some(({ final }) => final),
    );
    expect(sink.rows).toEqual([
      { row: window, final: true },
      { row: open, final: false },
    ]);
    expect(sink.asOf.watermark).toBe(iso(AT + 2 * MINUTE - 5000));
    expect(rows(await ask(run, `pages?window=${AT + 1000}`))).toHaveLength(2);
    expect(rows(await ask(run, `pages?from=${AT + MINUTE}`))).toEqual([open]);
    expect(rows(await ask(run, `${encodeURIComponent(pages)}?key=home`))).toEqual([open]);
    expect(rows(await ask(run, `${encodeURIComponent(pages)}?key=cart`))).toEqual([]);

    for (const [path, error] of [
      ['visits/nothing', 'unknown_name'],
      ['nothing/users', 'unknown_pipeline'],
      ['visits/users?limit=0', 'bad_limit'],
      ['visits/users?kee=ann', 'unknown_parameter'],
      ['visits/users?window=12:00', 'no_windows'],
    ])
      expect(await (await fetch(`${run.url}/query/${path}`)).json()).toMatchObject({ error });
    await run.stop();

    // The same from the log, when nothing runs.
    const { code, stdout } = await rta(['query', 'visits', 'pages', 'home', '--json'], { cwd });
    expect(code).toBe(0);
    expect(ndjson(stdout).slice(2)).toEqual(sink.rows);
    const offline = await rta(['query', 'visits', users, 'ann'], { cwd });
    expect(offline.stdout).toMatch(/ann/);
    expect(offline.stdout).toMatch(/as of .* provisional/);
  });
});

/** Events of a live sink, as they come. */
async function* events(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<{ event: string; id: string; data: Record<string, unknown> }> {
  const ending = new AbortController();
  const response = await fetch(url, { headers, signal: ending.signal });
  let text = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(text.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])); // prettier-ignore
        text = text.slice(end + 2);
        if (fields['event'] !== undefined)
          yield { event: fields['event'], id: fields['id'], data: JSON.parse(fields['data']) as Record<string, unknown> };
      }
    }
  } finally {
    ending.abort();
  }
}

describe('/live', () => {
  it('is a snapshot, then deltas, and goes on where a reader was', async () => {
    const cwd = collectProject();
    const run = await serve([], { cwd });
    await beacon(run.url, viewed('ann', 'home', AT));
    await eventually(
      () => fetch(`${run.url}/query/visits/users`).then((response) => response.json() as Promise<Answered>),
      ({ rows: found }) => found?.length === 1,
    );
    let last = '';
    const seen: string[] = [];
    for await (const { event, id, data } of events(`${run.url}/live/users`)) {
      seen.push(event);
      last = id;
      if (event === 'snapshot') {
        expect(data).toMatchObject({ key: ['user_id'], rows: [{ row: { user_id: 'ann', events: 1 }, final: false }] });
        await beacon(run.url, viewed('bob', 'home', AT));
      }
      if (event === 'delta') {
        expect(data).toMatchObject({ upserts: [{ row: { user_id: 'bob', events: 1, pages: 1 }, final: false }], deletes: [] });
        break;
      }
    }
    expect(seen[0]).toBe('snapshot');
    // While it is away.
    await beacon(run.url, viewed('cid', 'home', AT));
    await eventually(
      () => ask(run, 'users'),
      ({ rows: found }) => found.length === 3,
    );
    for await (const { event, data } of events(`${run.url}/live/visits/users`, { 'last-event-id': last })) {
      expect(event).toBe('delta');
      expect(data).toMatchObject({ upserts: [{ row: { user_id: 'cid' } }] });
      break;
    }
    for await (const { event } of events(`${run.url}/live/users`, { 'last-event-id': '00000000-1' })) {
      expect(event).toBe('snapshot');
      break;
    }
    // Readers that are there do not hold up the end.
    const reading = events(`${run.url}/live/users`);
    await reading.next();
    const { code, stderr } = await run.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    await reading.return(undefined);
  });
});

describe('access', () => {
  it('is for who names this machine, where there is no token', async () => {
    const run = await serve([], { cwd: collectProject() });
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get(`${run.url}/query`, { headers: { host } }, (answer) => resolve(answer.resume().statusCode)).once('error', reject);
      });
    expect(await status('localhost')).toBe(200);
    expect(await status(`127.0.0.1:${new URL(run.url).port}`)).toBe(200);
    // A page elsewhere, whose name was made to point here.
    expect(await status('pages.example')).toBe(403);
  });

  it('needs the token where there is one, and this machine’s name where there is none', async () => {
    const cwd = collectProject();
    const run = await serve([], { cwd, env: { RTA_HTTP_TOKEN: 'secret' } });
    const status = async (headers: Record<string, string> = {}, query = ''): Promise<number> =>
      (await fetch(`${run.url}/query${query}`, { headers })).status;
    expect(await status()).toBe(401);
    expect(await status({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await status({ authorization: 'Bearer secret' })).toBe(200);
    expect(await status({}, '?access_token=secret')).toBe(200);
    expect((await fetch(`${run.url}/healthz`)).status).toBe(200);
    expect((await beacon(run.url, viewed('ann', 'home', AT))).status).toBe(202);
    const { code, stderr } = await rta(['run', '--http', '0.0.0.0:0'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('RTA_HTTP_TOKEN');
  });
});
