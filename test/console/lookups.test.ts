/** Views that look things up, on a pipeline whose input is known: late and refused records, state, topics, schemas, deploys, SQL. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddedRegistry } from '@rta/registry';
import type { Page } from '@rta/tools';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, temporaryDirectory } from '../../packages/cli/test/support/cli.js';
import { appendBadScore, appendScores, drawScores, playersOf } from '../../packages/cli/test/support/scores.js';
import { describeInBrowser, openPage, show, until, type Shown } from './opened.js';

const PIPELINE = `pipeline: points
source: { topic: user-score, key: user_id, schema: user_score, time: event_time_millis, lateness: 0s }
errors: { topic: refused-scores }
late: { topic: late-scores }
streams:
  players:
    from: source
    steps:
      - groupBy: user_id
        aggregate: { total_score: sum(score) }
  minutes:
    from: source
    steps:
      - groupBy: user_id
        window: { tumbling: 1s }
        aggregate: { points: sum(score) }
sinks:
  players: { from: players, topic: player-totals }
  minutes: { from: minutes, topic: player-minutes }
  stored: { from: players, table: stored }
`;
const TOKEN = 'write-token-of-this-test';

const cells = (page: Page, table: string): Promise<string[][]> =>
  page
    .getByRole('region', { name: table, exact: true })
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));

/** A second version of the source's schema, with one field more. */
async function registerNext(dir: string): Promise<void> {
  const schema = JSON.parse(readFileSync(join(ROOT, 'schemas/user_score.avsc'), 'utf8')) as { readonly fields: readonly object[] };
  const next = { ...schema, fields: [...schema.fields, { name: 'country', type: 'string', default: '' }] };
  await embeddedRegistry(join(dir, 'registry')).register('user-score-value', next);
}

describeInBrowser('views that look things up', () => {
  const scores = drawScores(2000, 20, 5);
  let run: Shown;

  beforeAll(async () => {
    const project = temporaryDirectory();
    for (const folder of ['pipelines', 'schemas']) mkdirSync(join(project, folder));
    await copyFile(join(ROOT, 'schemas/user_score.avsc'), join(project, 'schemas/user_score.avsc'));
    writeFileSync(join(project, 'pipelines/points.yaml'), PIPELINE);
    await appendScores(join(project, '.rta'), scores);
    await appendBadScore(join(project, '.rta'));
    run = await show(['run', '--http', '0'], project, { RTA_HTTP_WRITE_TOKEN: TOKEN });
    const { page } = await openPage();
    await page.goto(`${run.url}/#freshness`);
    await until(() => page.locator('tr[data-pipeline="points"] td').allTextContents(), ([status, , , , , , , lag]) => status === 'running' && lag === '0', 200_000); // prettier-ignore
    await page.context().close();
    await appendScores(join(project, '.rta'), [scores[0]]);
    await registerNext(join(project, '.rta'));
  }, 240_000);

  it('lists late and refused records, each in full, and says what a replay would do before it does it', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#letters`);
    await page.getByRole('heading', { name: 'Late and refused records of points' }).waitFor();
    // The late one may not be written yet.
    const reasons = await until(async () => {
      await page.getByRole('button', { name: 'Read late and refused records again' }).click();
      return cells(page, 'Reasons of points');
    }, (rows) => rows.length === 2); // prettier-ignore
    expect(reasons.map(([reason, , from, into, times]) => [reason, from, into, times]).sort()).toEqual([
      ['bad_magic', 'user-score', 'refused-scores', '1'],
      ['late', 'user-score', 'late-scores', '1'],
    ]);
    await page.getByRole('button', { name: 'Only bad_magic of' }).click();
    await until(() => cells(page, 'Records of points'), (rows) => rows.length === 1); // prettier-ignore
    await page.getByRole('button', { name: /^refused-scores \d@\d+$/ }).click();
    await page.getByLabel('Value', { exact: true }).getByText('not Avro').waitFor();
    await page.getByRole('button', { name: 'Only bad_magic of' }).click();
    await until(() => cells(page, 'Records of points'), (rows) => rows.length === 2); // prettier-ignore

    await page.getByRole('button', { name: 'Choose all for a replay' }).click();
    await page.getByRole('button', { name: 'Dry run' }).click();
    const dry = await until(async () => [...(await cells(page, 'What would be sent')), []], (rows) => rows.length > 1); // prettier-ignore
    expect(dry.flat().join(' ')).not.toContain('nobody can say');
    await page.getByText('would send 0 of 1').waitFor();
    await page.getByText('would send 1 of 1').waitFor();
    await page.getByLabel('Write token').fill('another');
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.getByRole('alert').getByText('the write token is needed').waitFor();
    await page.getByLabel('Write token').fill(TOKEN);
    await page.getByLabel('Write token').press('Enter');
    await page.getByText('sent 1 of 1').waitFor();
    const replayed = (): Promise<(string | undefined)[][]> =>
      cells(page, 'Records of points').then((rows) => rows.map((row) => [row[2], row.at(-1)]));
    await until(replayed, (rows) => rows.some(([reason, flag]) => reason === 'late' && flag === 'yes'));
    expect(errors.filter((error) => !error.includes('401'))).toEqual([]);
    await page.context().close();
  });

  it('finds rows of a store and of a sink by key, by what keys begin with, and by window', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#lookup`);
    const names = page.getByRole('combobox', { name: 'Store or sink' });
    const stores = await until(() => names.locator('optgroup[label=Stores] option').allTextContents(), (found) => found.length === 2); // prettier-ignore
    const ask = async (): Promise<string> => {
      await page.getByRole('button', { name: 'Look up' }).click();
      return (await page.locator('main .card [role=status]').textContent()) ?? '';
    };
    const [{ user_id, total_score }] = playersOf([...scores, scores[0]]);
    const [user, total] = [String(user_id), Number(total_score).toLocaleString('en-US')];
    await names.selectOption({ label: stores[0] });
    await page.getByLabel(/^Key: user_id/).fill(user);
    expect(await ask()).toMatch(/^1 row · as of 20\d\d-.+Z · watermark 20\d\d-.+Z · not final: what is kept is still open$/);
    expect((await cells(page, `Rows of ${stores[0].split(' ')[0]}`)).map((row) => row.join())).toEqual([`${user},${total},no`]); // prettier-ignore

    await names.selectOption('minutes');
    await page.getByLabel(/^Key: user_id/).fill('');
    await page.getByLabel('user_id begins with').fill(user);
    await page.getByLabel('Windows with this time').fill(String(scores[0].event_time_millis));
    await page.getByLabel('Windows with this time').press('Enter');
    await page.getByText(/windows that end by .+ are final$/).waitFor();
    await names.selectOption('players');
    await page.getByLabel('Key: user_id').fill('nobody');
    await page.getByLabel('Keys before').fill('');
    await until(ask, (said) => said.startsWith('0 rows') && said.endsWith('nothing there'));
    await page.getByLabel('At most').fill('many');
    await page.getByRole('button', { name: 'Look up' }).click();
    await page.getByRole('alert').getByText('limit is a whole number from 1 to 10000').waitFor();
    expect(errors.filter((error) => !error.includes('400'))).toEqual([]);
    await page.context().close();
  });

  it('browses the topics of the pipeline: partitions, the newest records, those from an offset and from a time on', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#topics`);
    const topics = await until(() => cells(page, 'Topics of points'), (rows) => rows.length > 5); // prettier-ignore
    const roles = Object.fromEntries(topics.map(([topic, role]) => [topic, role]));
    expect(roles).toMatchObject({ 'user-score': 'source', 'player-totals': 'sink', 'late-scores': 'late and refused' });
    expect(Object.values(roles)).toContain('changelog');
    await page.getByRole('link', { name: 'user-score' }).click();
    const partitions = await until(() => cells(page, 'Partitions of user-score'), (rows) => rows.length === 4); // prettier-ignore
    // The bad one, and the late one twice: the other test replays it.
    const kept = partitions.reduce((sum, [, first, end]) => sum + Number(end.replaceAll(',', '')) - Number(first), 0);
    expect(kept - scores.length).toBeGreaterThanOrEqual(2);
    const records = (): Promise<string[][]> => cells(page, 'Records of user-score');
    await until(records, (rows) => rows.length === 50); // prettier-ignore
    await page.getByRole('combobox', { name: 'Partition' }).selectOption('1');
    await page.getByLabel('From offset').fill('2');
    await page.getByLabel('At most').fill('3');
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    const [first] = await until(records, (rows) => rows.length === 3);
    expect(first.slice(0, 2)).toEqual(['1', '2']);
    expect(JSON.parse(first[4])).toMatchObject({ user_id: first[3] });
    await page.getByText(/^3 records, the oldest first · as of .+ · committed$/).waitFor();
    await page.getByLabel('From offset').fill('');
    const since = Math.max(...scores.map((score) => score.event_time_millis)) - 60_000;
    await page.getByLabel('From time').fill(new Date(since).toISOString());
    await page.getByLabel('From time').press('Enter');
    await until(records, (rows) => rows.length > 0 && rows.every(([partition, , time]) => partition === '1' && Date.parse(time) >= since));
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('shows the schemas of the pipeline, what a deploy says of them, and what differs between versions', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#schemas`);
    const subjects = await until(() => cells(page, 'Schemas of points'), (rows) => rows.length > 1); // prettier-ignore
    const said = Object.fromEntries(subjects.map(([subject, role, , , verdict]) => [subject, [role, verdict]]));
    expect(said).toMatchObject({ 'user-score-value': ['source', 'can be read'], 'player-totals-value': ['sink', 'registered'] });
    await page.getByRole('button', { name: 'user-score-value' }).click();
    await page.getByText(/^1 → 2: allowed under BACKWARD · as of /).waitFor();
    expect(await cells(page, 'Changes from 1 to 2')).toEqual([['added', 'country', 'string, default ""']]);
    await page.getByRole('combobox', { name: 'To version' }).selectOption('1');
    await page.getByRole('combobox', { name: 'From version' }).selectOption('2');
    await page.getByText(/^2 → 1: allowed under BACKWARD · as of /).waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('says that nothing is deployed where pipelines run from their files', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#deploys`);
    await page.getByText('Nothing is deployed there').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('asks the OLAP store in SQL, saves the answer, and says what is wrong with a question', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#sql`);
    const question = page.getByRole('textbox', { name: 'Question' });
    await question.fill('SELECT user_id, total_score FROM stored ORDER BY total_score DESC, user_id LIMIT 2');
    const answered = async (): Promise<string[][]> => {
      await question.press('Control+Enter');
      await page.waitForTimeout(300);
      return (await page.getByRole('region', { name: 'Rows of the answer' }).count()) === 0 ? [] : cells(page, 'Rows of the answer');
    };
    const totals = playersOf([...scores, scores[0], scores[0]]);
    await until(answered, (rows) => rows.length === 2 && totals.some(({ user_id }) => user_id === rows[0][0]));
    await page.getByText(/^2 rows · .+ · as of \d\d:\d\d:\d\d UTC/).waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save answer as CSV' }).click();
    expect(readFileSync(await (await saved).path(), 'utf8')).toMatch(/^user_id,total_score\r\n\w+,\d+\r\n\w+,\d+$/);
    await question.fill('SELECT nothing FROM nowhere');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByRole('alert').getByText('nowhere').waitFor();
    expect(errors.filter((error) => !error.includes('400'))).toEqual([]);
    await page.context().close();
  });
});
