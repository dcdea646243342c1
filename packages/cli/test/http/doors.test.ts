/** Every door of the HTTP side, and whoever may knock. */
import { get } from 'node:http';
import { reportFigure } from '@rta/tools';
import { expect, it } from 'vitest';
import { rta } from '../support/cli.js';
import { beacon, collectProject, eventually, serve, type Serving } from './serving.js';

const TOKEN = 'an-unlikely-token';
const GUARDED = ['/', '/query', '/query/visits/users', '/live/visits/users', '/live/users', '/console/topology/visits', '/console/live'];
/** What asks for no token: of browsers, which can keep none, and of who supervises. */
const OPEN = ['/healthz', '/readyz', '/metrics', '/analytics/snippet.js'];
const EVENT = { event_type: 'page_viewed', timestamp: Date.UTC(2026, 0, 1), user_id: 'ann', properties: { page_id: 'home' } };

/** Events without an end are left at once. */
async function knock(url: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; said: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (answer) => {
      let said = '';
      const done = (): void => {
        answer.destroy();
        resolve({ status: answer.statusCode ?? 0, said: JSON.stringify(answer.headers) + said });
      };
      answer.on('data', (part: Buffer) => {
        said += part.toString();
        if (answer.headers['content-type']?.startsWith('text/event-stream') === true) done();
      });
      answer.on('end', done);
    }).once('error', reject);
  });
}

async function ready(run: Serving): Promise<void> {
  expect((await beacon(run.url, EVENT)).status).toBe(202);
  await eventually(
    () => knock(`${run.url}/query/visits/users`, { authorization: `Bearer ${TOKEN}` }),
    ({ said }) => said.includes('"ann"'),
  );
}

it('are open to nobody but whom they are for', { timeout: 120_000 }, async () => {
  let [refused, let_in] = [0, 0];
  const said: string[] = [];
  const expectStatus = async (url: string, status: number, headers?: Readonly<Record<string, string>>): Promise<void> => {
    const answer = await knock(url, headers);
    expect(answer.status, `${url} ${JSON.stringify(headers ?? {})}`).toBe(status);
    said.push(answer.said);
    if (status === 200) let_in++;
    else refused++;
  };
  const bearer = { authorization: `Bearer ${TOKEN}` };

  const withToken = await serve([], { cwd: collectProject(), env: { RTA_HTTP_TOKEN: TOKEN } });
  await ready(withToken);
  for (const path of GUARDED) {
    await expectStatus(withToken.url + path, 401);
    await expectStatus(withToken.url + path, 401, { authorization: 'Bearer wrong' });
    await expectStatus(`${withToken.url}${path}?access_token=wrong`, 401);
    await expectStatus(withToken.url + path, 200, bearer);
  }
  for (const path of OPEN) await expectStatus(withToken.url + path, 200);
  // What is asked for and what is sent has limits.
  await expectStatus(`${withToken.url}/query/visits/users?limit=10001`, 400, bearer);
  await expectStatus(`${withToken.url}/query/visits/users?key=${'x'.repeat(20_000)}`, 431, bearer);
  expect((await beacon(withToken.url, { ...EVENT, user_id: 'x'.repeat(70_000) })).status).toBe(413);
  refused++;
  // Nobody hears the token from us.
  const { stdout, stderr } = await withToken.stop();
  for (const text of [stdout, stderr, ...said]) expect(text).not.toContain(TOKEN);

  const own = await serve([], { cwd: collectProject() });
  await ready(own);
  const { port } = new URL(own.url);
  for (const path of GUARDED) {
    await expectStatus(own.url + path, 200);
    // A page elsewhere, whose name was made to point here.
    await expectStatus(own.url + path, 403, { host: 'pages.example' });
  }
  // Another address of this machine stands for those that others reach.
  await expect(knock(`http://127.0.0.2:${port}/healthz`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect((await rta(['run', '--http', '0.0.0.0:0'], { cwd: collectProject() })).code).toBe(2);
  refused += 2;
  await own.stop();
  reportFigure(
    'doors',
    `${GUARDED.length + OPEN.length + 1} doors: ${let_in} let in, ${refused} refused, each as it should; the token in none of ${said.length} answers nor in what was printed`,
  );
});
