/** The CI recipe of a new project against brokers and a registry that are given: what it deploys, and what it refuses. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { confluentRegistry } from '@rta/registry';
import { Deployments, openKafkaLog } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { ROOT, rta, temporaryDirectory } from './support/cli.js';
import { leavesOut, useKafka } from './support/use-kafka.js';

const RTA = `${process.execPath} --conditions=source --import ${import.meta.resolve('tsx')} ${join(ROOT, 'packages/cli/src/main.ts')}`;

describe.skipIf(leavesOut('the CI recipe on Kafka and a registry server'))('ci/rta.sh of rta init', { timeout: 300_000 }, () => {
  const env = useKafka();

  it('deploys what may go, and refuses what may not with its plan', async () => {
    const directory = temporaryDirectory();
    expect(await rta(['init', 'shop'], { cwd: directory })).toMatchObject({ code: 0, stderr: '' });
    const cwd = join(directory, 'shop');
    const file = (name: string): { text: string; write: (text: string) => void } => ({
      text: readFileSync(join(cwd, name), 'utf8'),
      write: (text) => writeFileSync(join(cwd, name), text),
    });
    // Others use the same brokers.
    const suffix = `-${process.pid.toString(36)}${Date.now().toString(36)}`;
    for (const name of ['rta.yaml', 'pipelines/top-players.yaml']) {
      const { text, write } = file(name);
      write(text.replace(/user-score(?!-)|top-players|user-score-dlq/g, `$&${suffix}`));
    }
    const script = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
      new Promise((resolve) => {
        const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
        execFile(join(cwd, 'ci/rta.sh'), args, { env: { ...inherited, ...env(), RTA } }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      });
    const recorded = async (): Promise<number | undefined> => {
      const log = await openKafkaLog({ brokers: env().KAFKA_BROKERS.split(',') });
      return new Deployments(log).read().then(({ pipelines }) => pipelines.get(`top-players${suffix}`)?.current).finally(() => log.close()); // prettier-ignore
    };

    const deployed = await script('deploy', '--by', 'ci');
    expect(deployed).toMatchObject({ code: 0, stderr: '' });
    expect(deployed.stdout).toContain(`top-players${suffix}: recorded, version 1`);
    expect(deployed.stdout).toContain(file('plan.md').text);
    expect(await recorded()).toBe(1);

    const registry = confluentRegistry({ url: env().SCHEMA_REGISTRY_URL });
    await registry.setCompatibility(`top-players${suffix}-value`, 'BACKWARD');
    const pipeline = file('pipelines/top-players.yaml');
    pipeline.write(pipeline.text.replace(/( {2}- topK:.*\n)/, '$1  - derive: { doubled: total_score * 2 }\n'));
    const refused = await script('deploy');
    expect(refused).toMatchObject({ code: 1, stderr: '' });
    expect(file('plan.md').text).toMatch(/breaking[\s\S]*doubled/);
    expect(refused.stdout).not.toContain('recorded');
    expect(await recorded()).toBe(1);
  });
});
