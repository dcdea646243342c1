/** Events from browsers: taken, refused, and what they come to. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ndjson, rta } from '../support/cli.js';
import { beacon, collectProject, eventually, serve } from './serving.js';

const AT = Date.UTC(2026, 0, 1, 12);
const viewed = (user: string, page: string, at = AT): object => ({
  event_type: 'page_viewed',
  timestamp: at,
  user_id: user,
  properties: { page_id: page },
});

async function rowsOf(url: string): Promise<unknown[]> {
  const response = await fetch(url);
  return response.status === 200 ? ((await response.json()) as { rows: { row: unknown }[] }).rows.map(({ row }) => row) : [];
}

describe('POST /analytics/collect', () => {
  it('takes one event, an array and a batch, refuses what is none with its reason, and loses nothing', async () => {
    const cwd = collectProject();
    const run = await serve([], { cwd });
    expect(await (await beacon(run.url, viewed('ann', 'home'))).json()).toEqual({ accepted: 1, rejected: 0, errors: [] });
    const array = await beacon(run.url, [viewed('ann', 'cart'), viewed('bob', 'home')]);
    expect(array.status).toBe(202);
    const mixed = await beacon(run.url, {
      batch: [viewed('bob', 'home'), { event_type: 'page_viewed', timestamp: 'soon', user_id: 'eve' }, 7],
    });
    expect(mixed.status).toBe(202);
    expect(await mixed.json()).toEqual({
      accepted: 1,
      rejected: 2,
      errors: [
        { index: 1, reason: 'schema', message: expect.stringContaining('timestamp') as string },
        { index: 2, reason: 'schema', message: 'an event is an object' },
      ],
    });
    const broken = await beacon(run.url, '{"event_type": ');
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: 'not_json' });
    const users = await eventually(
      () => rowsOf(`${run.url}/query/visits/users`),
      (rows) => JSON.stringify(rows).includes('"user_id":"bob","events":2'),
    );
    expect(users).toEqual([
      { user_id: 'ann', events: 2, pages: 2 },
      { user_id: 'bob', events: 2, pages: 1 },
    ]);
    const metrics = await (await fetch(`${run.url}/metrics`)).text();
    expect(metrics).toContain('rta_collect_events_total{topic="web-events"} 4');
    expect(metrics).toContain('rta_collect_rejected_total{topic="web-events",reason="schema"} 2');
    expect((await run.stop()).code).toBe(130);
    const { stdout } = await rta(['tail', 'web-events-rejected', '--from', 'beginning', '--headers', '--json'], { cwd });
    expect(stdout).toContain('rta.reason');
    expect(ndjson(stdout).filter((line) => 'value' in line || 'record' in line)).toHaveLength(3);
  });

  it('is limited in bytes, in pages that may send, and in events of one address', async () => {
    const cwd = collectProject(['    origins: https://shop.example', '    rate: 20']);
    const run = await serve([], { cwd });
    const large = await beacon(run.url, viewed('ann', 'x'.repeat(70_000)));
    expect(large.status).toBe(413);
    const preflight = await fetch(`${run.url}/analytics/collect`, { method: 'OPTIONS', headers: { origin: 'https://shop.example' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type');
    expect((await beacon(run.url, viewed('ann', 'home'), { origin: 'https://elsewhere.example' })).status).toBe(403);
    const first = await beacon(
      run.url,
      Array.from({ length: 20 }, () => viewed('ann', 'home')),
    );
    expect(first.status).toBe(202);
    const second = await beacon(
      run.url,
      Array.from({ length: 20 }, () => viewed('ann', 'home')),
    );
    expect(second.status).toBe(429);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('does not start without what it needs', async () => {
    for (const [project, pipeline, said] of [
      ['source: web_events', 'source: other', 'unknown_source'],
      ['listen: nonsense', 'source: web_events', '`http: { listen }`'],
    ] as const) {
      const cwd = collectProject();
      const path = join(cwd, 'pipelines/rta.yaml');
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        project === 'listen: nonsense' ? text.replace('http:\n', `http:\n  ${project}\n`) : text.replace(project, pipeline),
      );
      const { code, stderr } = await rta(['run', '--until-end', ...(project === 'listen: nonsense' ? [] : ['--http', '0'])], { cwd });
      expect(code).not.toBe(0);
      expect(stderr).toContain(said);
    }
  });

  it('has what was answered with 202 in the log, whatever becomes of the process', async () => {
    const cwd = collectProject();
    const run = await serve([], { cwd });
    const sent = Array.from({ length: 30 }, (_, i) =>
      beacon(run.url, { batch: Array.from({ length: 20 }, () => viewed(`u${i}`, 'home')) }),
    );
    // It ends while they are under way.
    const stopped = run.stop();
    const answers = await Promise.allSettled(sent);
    const taken = answers.filter((answer) => answer.status === 'fulfilled' && answer.value.status === 202).length;
    await stopped;
    const { code, stdout } = await rta(['run', '--until-end', '--json'], { cwd });
    expect(code).toBe(0);
    const { stdout: queried } = await rta(['query', 'visits', 'users', '--json'], { cwd });
    const rows = ndjson(queried).filter((line) => 'row' in line) as unknown as { row: { events: number } }[];
    expect(
      rows.reduce((sum, { row }) => sum + row.events, 0),
      stdout,
    ).toBeGreaterThanOrEqual(20 * taken);
  });
});

describe('/analytics/snippet.js', () => {
  it('is small, and sends what a page does', async () => {
    const cwd = collectProject();
    const run = await serve([], { cwd });
    const response = await fetch(`${run.url}/analytics/snippet.js`);
    expect(response.headers.get('content-type')).toMatch(/^text\/javascript/);
    const script = await response.text();
    expect(Buffer.byteLength(script)).toBeLessThanOrEqual(1024);
    // What it needs of a browser; what it sends is really posted.
    const listeners = new Map<string, () => void>();
    const posted: Promise<Response>[] = [];
    const store = {};
    const page = {
      document: { currentScript: { src: response.url, dataset: { user: 'ann' } }, addEventListener: () => undefined },
      navigator: {
        userAgent: 'Mobile',
        sendBeacon: (url: string, body: string) => {
          expect(url).toBe(`${run.url}/analytics/collect`);
          posted.push(beacon(run.url, body));
          return true;
        },
      },
      crypto: globalThis.crypto,
      setInterval: () => 0,
      URL,
    };
    const window = {
      location: { href: 'https://shop.example/cart', pathname: '/cart' },
      localStorage: store,
      sessionStorage: {},
      addEventListener: (name: string, listener: () => void) => listeners.set(name, listener),
      rta: undefined as unknown as (event: string, properties?: object) => void,
    };
    runInContext(script, createContext({ ...page, window }));
    window.rta('added_to_cart', { product_id: 'tea' });
    listeners.get('pagehide')!();
    expect(posted).toHaveLength(1);
    expect(await (await posted[0]).json()).toEqual({ accepted: 2, rejected: 0, errors: [] });
  });
});
