/** The view of deploys on a project that is deployed, with a worker that runs it. */
import { beforeAll, expect, it } from 'vitest';
import { DeployedProject } from '../../packages/cli/test/deploys/project.js';
import { describeInBrowser, openPage, show, until, type Shown } from './opened.js';

describeInBrowser('deploys in the console', () => {
  const project = new DeployedProject();
  let worker: Shown;

  beforeAll(async () => {
    expect(await project.rta('deploy', '--by', 'ada')).toMatchObject({ code: 0 });
    worker = await show(['worker', '--http', '0'], project.project.directory);
  }, 240_000);

  it('shows what is deployed, by whom, who runs it, and each version, newest first', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${worker.url}/#deploys`);
    const cells = (table: string): Promise<string[][]> =>
      page
        .getByRole('region', { name: table, exact: true })
        .locator('tbody tr')
        .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
    const again = async (): Promise<string[][]> => {
      await page.getByRole('button', { name: 'Read the record of deployments again' }).click();
      await page.waitForTimeout(200);
      return cells('Deployed pipelines');
    };
    const { pipeline } = project;
    const [first] = await until(again, ([row]) => row !== undefined && row[4] === '1', 90_000); // prettier-ignore
    expect(first.slice(0, 5)).toEqual([pipeline, '1', 'running', '–', '1']);
    expect(first[5]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
    expect(first[6]).toBe('ada');

    project.edit({ derive: 'half: 100 / total' });
    expect(await project.rta('deploy', '--by', 'bob')).toMatchObject({ code: 0 });
    await until(again, ([row]) => row?.[1] === '2' && row[4] === '1', 90_000); // prettier-ignore
    const versions = await cells(`Versions of ${pipeline}`);
    expect(versions.map(([version, state, , by]) => [version, state, by])).toEqual([['2', 'running', 'bob'], ['1', 'retired', 'ada']]); // prettier-ignore
    await page.getByText(/^as of \d\d:\d\d:\d\d UTC/).waitFor();
    if (process.env['LOOK'] !== undefined) await page.screenshot({ path: process.env['LOOK'] });
    expect(errors).toEqual([]);
    await page.context().close();
  }, 240_000);
});
