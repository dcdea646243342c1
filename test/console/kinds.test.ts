/** Each kind of board, and what late and refused records do, on a pipeline whose input is known. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, temporaryDirectory } from '../../packages/cli/test/support/cli.js';
import { appendBadScore, appendScores, drawScores, playersOf } from '../../packages/cli/test/support/scores.js';
import { describeInBrowser, openPage, show, until, type Shown } from './opened.js';

const PIPELINE = `pipeline: kinds
source: { topic: user-score, key: user_id, schema: user_score, time: event_time_millis, lateness: 0s }
errors: { topic: refused-scores }
streams:
  players:
    from: source
    steps:
      - groupBy: user_id
        aggregate:
          total_score: sum(score)
      - topK: { k: 5, by: [total_score desc, user_id], rank: place }
  minutes:
    from: source
    steps:
      - groupBy: team_id
        window: { tumbling: 1s }
        aggregate: { points: sum(score) }
        emit: final
  parts:
    from: source
    steps:
      - aggregate: { scored: count(), good: count() where score > 5, best: count() where score > 15 }
sinks:
  players: { from: players, topic: best-players }
  minutes: { from: minutes, topic: team-minutes }
  parts: { from: parts, topic: parts }
boards:
  best players: { from: players, show: ranking, label: user_id, value: total_score, by: place }
  points a minute: { from: minutes, show: line, label: team_id, value: points, by: window_start }
  how good: { from: parts, show: funnel }
  scores: { from: parts, show: number, value: scored }
  minutes: { from: minutes, show: table }
`;

describeInBrowser('boards of every kind', () => {
  const scores = drawScores(3000, 40, 3);
  let run: Shown;

  beforeAll(async () => {
    const project = temporaryDirectory();
    mkdirSync(join(project, 'pipelines'));
    mkdirSync(join(project, 'schemas'));
    await copyFile(join(ROOT, 'schemas/user_score.avsc'), join(project, 'schemas/user_score.avsc'));
    writeFileSync(join(project, 'pipelines/kinds.yaml'), PIPELINE);
    await appendScores(join(project, '.rta'), scores);
    await appendBadScore(join(project, '.rta'));
    run = await show(['run', '--http', '0'], project);
  });

  it('shows the ranking, its table and its file with the same rows', async () => {
    const { page, errors } = await openPage();
    await page.goto(run.url);
    const expected = playersOf(scores).slice(0, 5).map(({ user_id, total_score }) => [String(user_id), Number(total_score).toLocaleString('en-US')]); // prettier-ignore
    const bars = page.getByRole('list', { name: 'best players' }).locator('li');
    const shown = (): Promise<string[][]> => bars.evaluateAll((all) => all.map((bar) => ['.label', '.value'].map((part) => bar.querySelector(part)?.textContent ?? ''))); // prettier-ignore
    await until(shown, (rows) => JSON.stringify(rows) === JSON.stringify(expected));
    await page.getByRole('button', { name: 'Table of best players' }).click();
    const table = page.getByRole('region', { name: 'Rows of best players' }).locator('tbody tr');
    expect(await table.first().locator('td').allTextContents()).toEqual(['1', ...expected[0], 'no']);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save best players as CSV' }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe('best players.csv');
    const lines = readFileSync(await file.path(), 'utf8').split('\r\n');
    expect(lines.slice(0, 2)).toEqual(['place,user_id,total_score,final', `1,${expected[0][0]},${expected[0][1].replace(',', '')},false`]);
    expect(lines).toHaveLength(6);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('shows lines, a funnel, a number and a table, and which rows are final', async () => {
    const { page, errors } = await openPage();
    await page.goto(run.url);
    const scored = scores.length.toLocaleString('en-US');
    await until(() => page.locator('[data-board="kinds/scores"] .figure').textContent(), (text) => text === scored); // prettier-ignore
    const good = scores.filter(({ score }) => score > 5).length.toLocaleString('en-US');
    await page.getByRole('img', { name: new RegExp(`^how good: scored ${scored}, good ${good}, best `) }).waitFor();
    await page.getByRole('img', { name: /^points a minute, now: / }).waitFor();
    expect(await page.locator('[data-board="kinds/points a minute"] canvas').count()).toBe(1);
    const rows = page.getByRole('region', { name: 'Rows of minutes' }).locator('tbody tr');
    await until(() => rows.count(), (count) => count > 0); // prettier-ignore
    const card = page.locator('[data-board="kinds/minutes"] .facts');
    expect(await card.textContent()).toMatch(/^kinds → team-minutes · as of \d\d:\d\d:\d\d · (not )?final$/);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('says where a number comes from: window, aggregate, offsets, and the lines of the file', async () => {
    const { page, errors } = await openPage();
    await page.goto(run.url);
    const bars = page.getByRole('list', { name: 'best players' }).getByRole('button');
    await until(() => bars.count(), (count) => count === 5); // prettier-ignore
    expect(await page.getByRole('list', { name: 'best players' }).locator('svg.spark').count()).toBe(5);
    expect(
      await bars
        .first()
        .getByRole('img', { name: /^not final/ })
        .count(),
    ).toBe(1);
    await bars.first().focus();
    await page.keyboard.press('ArrowDown');
    const [, second] = playersOf(scores);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain(String(second.user_id));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Where ${String(second.user_id)} comes from` });
    await dialog.getByText('none: all events so far').waitFor();
    expect(await dialog.locator('code').first().textContent()).toBe('total_score: sum(score)');
    const partitions = await dialog.getByRole('region', { name: 'Source partitions' }).locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent))); // prettier-ignore
    expect(partitions.map(([topic, , from]) => [topic, from])).toEqual(Array.from({ length: 4 }, () => ['user-score', '0']));
    const read = partitions.reduce((sum, [, , , to]) => sum + Number(to.replace(',', '')), 0);
    expect(read).toBeGreaterThanOrEqual(scores.length + 1);
    const line = PIPELINE.split('\n').findIndex((text) => text.includes('total_score: sum')) + 1;
    expect(await dialog.locator('.line.marked').first().textContent()).toBe(`${line}    total_score: sum(score)\n`);
    expect(await dialog.locator('figcaption').allTextContents()).toContain(`pipelines/kinds.yaml:${line - 2} · aggregate`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Where points a minute comes from' }).click();
    await page.getByRole('dialog').getByText('tumbling 1s').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('saves a picture of each board', async () => {
    const { page, errors } = await openPage();
    await page.goto(run.url);
    await page.locator('.ranking li').first().waitFor();
    for (const board of ['best players', 'points a minute', 'how good', 'scores', 'minutes']) {
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: `Save ${board} as PNG` }).click();
      const file = await saved;
      expect(file.suggestedFilename()).toBe(`${board}.png`);
      const png = readFileSync(await file.path());
      expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
      expect([png.readUInt32BE(16), png.readUInt32BE(20) > 150]).toEqual([1440, true]);
    }
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('says how many records were refused, why, and where they went', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#freshness`);
    const card = page.locator('section[aria-labelledby="left-out"]');
    await until(() => card.textContent(), (text) => /refused1 → refused-scoresbad_magic1/.test(text ?? '')); // prettier-ignore
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
