/** Views that look things up, on a pipeline whose input is known: late and refused records, state. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
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
`;
const TOKEN = 'write-token-of-this-test';

const cells = (page: Page, table: string): Promise<string[][]> =>
  page
    .getByRole('region', { name: table, exact: true })
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));

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
    const best = playersOf(scores)[0];
    await names.selectOption({ label: stores[0] });
    await page.getByLabel(/^Key: user_id/).fill(best.user_id);
    expect(await ask()).toMatch(/^1 row · as of 20\d\d-.+Z · watermark 20\d\d-.+Z · not final: what is kept is still open$/);
    expect((await cells(page, `Rows of ${stores[0].split(' ')[0]}`)).map((row) => row.join())).toEqual([`${best.user_id},${best.total_score.toLocaleString('en-US')},no`]); // prettier-ignore

    await names.selectOption('minutes');
    await page.getByLabel(/^Key: user_id/).fill('');
    await page.getByLabel('user_id begins with').fill(best.user_id);
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
});
