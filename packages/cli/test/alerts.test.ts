/** Alerts from the command line: tried over what was recorded, found by `rta run`, and told to a target. */
import { join } from 'node:path';
import { BatchBuilder, openEmbeddedLog } from '@rta/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';
import { openReceiver } from './support/receiver.js';
import { testProject } from './support/test-project.js';

const PROJECT = `notify:
  desk: { webhook: { url: "\${DESK_URL}", token: "\${DESK_TOKEN:-none}" } }
  off: { slack: "\${SLACK_URL:-}" }
`;
const PIPELINE = `pipeline: scores
source: { topic: in, schema: event, format: json, time: at }
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { total: sum(score) }
sink: { topic: out }
alerts:
  high: { when: total > 10, for: 1m, notify: [desk, off] }
`;
const START = Date.UTC(2026, 0, 1, 12);
/** Minutes and scores of ann; in the end somebody else, so that her windows are closed. */
const EVENTS = [
  ['ann', 0.1, 20],
  ['ann', 1.1, 20],
  ['ann', 2.1, 1],
  ['bob', 9, 1],
].map(([user, minute, score]) => ({ user, score, at: START + Number(minute) * 60_000 }));

const project = testProject({ 'rta.yaml': PROJECT, 'pipelines/scores.yaml': PIPELINE });
const told: { readonly token: string | undefined; readonly body: Readonly<Record<string, unknown>> }[] = [];
let url = '';

beforeAll(async () => {
  url = await openReceiver((body, request, response) => {
    told.push({ token: request.headers.authorization, body: body as Readonly<Record<string, unknown>> });
    response.writeHead(202).end();
  });
});

/** An embedded log with the events. */
async function recorded(): Promise<string> {
  const dir = temporaryDirectory();
  const log = await openEmbeddedLog(join(dir, 'log'));
  await log.ensureTopics([{ name: 'in', partitions: 1 }]);
  const builder = new BatchBuilder('in', 0);
  for (const event of EVENTS) {
    const value = Buffer.from(JSON.stringify({ ...event, at: new Date(event.at).toISOString() }));
    builder.append(event.at, null, 0, 0, value, 0, value.length, null);
  }
  await log.append(builder.take());
  await log.close();
  return dir;
}

const run = (dir: string, more: readonly string[] = [], env: Readonly<Record<string, string>> = { DESK_URL: url, DESK_TOKEN: 'T' }) =>
  rta(['run', '--until-end', '--dir', dir, '--json', ...more], { cwd: project.directory, env });

describe('rta alerts test', () => {
  it('says which alerts would have fired when, over the source topics or a file, and tells nobody', async () => {
    const dir = await recorded();
    const before = told.length;
    const { code, stdout, stderr } = await rta(['alerts', 'test', '--dir', dir, '--json'], { cwd: project.directory });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, ...lines] = ndjson(stdout);
    expect(lines).toMatchObject([
      { pipeline: 'scores', alert: 'high', action: 'trigger', key: { user: 'ann' }, since: '2026-01-01T12:01:00.000Z', at: '2026-01-01T12:02:00.000Z' },
      { action: 'resolve', row: { user: 'ann', total: 1 }, opened_at: '2026-01-01T12:02:00.000Z', at: '2026-01-01T12:03:00.000Z' },
      { pipeline: 'scores', summary: { incidents: 1, open: 0 } },
    ]); // prettier-ignore
    project.write('recorded.jsonl', EVENTS.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const file = await rta(['alerts', 'test', '--given', 'in=recorded.jsonl'], { cwd: project.directory });
    expect(file.stdout.split('\n')).toEqual([
      'scores',
      '  AT                       ALERT  KEY       WHAT',
      '  2026-01-01T12:02:00Z  ▲  high   user ann  triggered, so for 1m: {"user":"ann","window_start":"2026-01-01T12:01:00.000Z","window_end":"2026-01-01T12:02:00.000Z","total":20}',
      '  2026-01-01T12:03:00Z  ▼  high   user ann  resolved after 1m',
      '  1 incident; nobody was told',
      '',
    ]);
    expect(told).toHaveLength(before);
  });

  it('says what it was not given', async () => {
    const wrong = await rta(['alerts', 'test', '--given', 'nothing'], { cwd: project.directory });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--given is topic=file') as string });
    const none = await rta(['alerts', 'test', 'pipelines/leaderboards']);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('no_alerts') as string });
  });
});

describe('rta run with alerts', () => {
  it('judges what is measured of the pipeline', async () => {
    const metrics = testProject({
      'rta.yaml': PROJECT,
      'pipelines/scores.yaml': `${PIPELINE.split('alerts:')[0]}alerts:\n  behind: { from: $metrics, when: lag == 0 and rejected == 0, notify: desk }\n`,
    });
    const before = told.length;
    const env = { DESK_URL: url };
    const args = ['run', '--for', '4s', '--dir', await recorded(), '--json'];
    expect(await rta(args, { cwd: metrics.directory, env })).toMatchObject({ code: 0 });
    const [one, ...others] = told.slice(before);
    expect(one.body).toMatchObject({ alert: 'behind', action: 'trigger', key: { worker: '0' }, row: { lag: 0, rejected: 0 } });
    expect(others).toEqual([]);
  });

  it('tells the targets of each incident once, whatever is run again', async () => {
    const dir = await recorded();
    const before = told.length;
    const first = await run(dir);
    expect(first).toMatchObject({ code: 0 });
    expect(told.slice(before).map(({ token, body }) => [token, body.action, body.dedup_key])).toEqual([
      ['Bearer T', 'trigger', 'scores/high/{"user":"ann"}'],
      ['Bearer T', 'resolve', 'scores/high/{"user":"ann"}'],
    ]);
    // One that is left out on purpose is said to be.
    expect(ndjson(first.stdout)).toContainEqual(
      expect.objectContaining({ pipeline: 'scores', warning: 'off is told of no incidents: its url is empty' }),
    );
    await run(dir);
    expect(told).toHaveLength(before + 2);
  });

  it('tells nobody with --no-notify, and everybody later', async () => {
    const dir = await recorded();
    const before = told.length;
    expect(await run(dir, ['--no-notify'], {})).toMatchObject({ code: 0 });
    expect(told).toHaveLength(before);
    await run(dir);
    expect(told).toHaveLength(before + 2);
  });

  it('starts nothing where a secret is not there', async () => {
    const { code, stderr } = await run(await recorded(), [], { DESK_TOKEN: 'hidden' });
    expect(code).toBe(1);
    expect(stderr).toContain('the environment variable `DESK_URL` is not set');
    expect(stderr).not.toContain('hidden');
  });
});
