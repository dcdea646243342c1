/** `rta doctor`: what it finds, and what it says about it. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedLog, type KafkaCluster } from '@rta/runtime';
import { freePort } from '@rta/tools';
import { describe, expect, it } from 'vitest';
import { checkNode, checkTerminal } from '../src/doctor/machine.js';
import { checkTransactions } from '../src/doctor/servers.js';
import { ndjson, rta, spawnRta, temporaryDirectory, type RtaResult } from './support/cli.js';
import { temporaryProject, write } from './support/inspect-project.js';

function statuses({ stdout }: RtaResult): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    ndjson(stdout)
      .slice(1)
      .map(({ check, status }) => [String(check), status]),
  );
}

describe('rta doctor', () => {
  it('finds a new project well, and makes nothing', async () => {
    const project = temporaryProject();
    const ran = await rta(['doctor', '--json'], { cwd: project });
    expect(ran.code).toBe(0);
    expect(statuses(ran)).toEqual({
      ...{ node: 'ok', leveldb: 'ok', directory: 'ok', log: 'ok', registry: 'ok', pipelines: 'ok', source: 'warning', terminal: 'ok' },
    });
    expect(existsSync(join(project, '.rta'))).toBe(false);
    const { stdout } = await rta(['doctor'], { cwd: project });
    expect(stdout).toContain('✓ 1 pipeline compiles\n! user-score does not exist yet\n  → rta run makes it\n');
  });

  it('sees topics that are there', async () => {
    const project = temporaryProject();
    const log = await openEmbeddedLog(join(project, '.rta/log'));
    await log.ensureTopics([{ name: 'user-score', partitions: 3 }]);
    await log.close();
    const { code, stdout } = await rta(['doctor'], { cwd: project });
    expect(code).toBe(0);
    expect(stdout).toContain('✓ the embedded log opens: 1 topic\n');
    expect(stdout).toContain('✓ user-score: 3 partitions, read by top-teams\n');
  });

  it('says which process has the log open', async () => {
    const project = temporaryProject();
    const log = await openEmbeddedLog(join(project, '.rta/log'));
    await log.ensureTopics([{ name: 'user-score', partitions: 1 }]);
    await write(log, 'user-score', [{ partition: 0, time: 0, key: null, value: Buffer.from('words') }]);
    await log.close();
    const holder = spawnRta(['tail', 'user-score', '--follow'], { cwd: project });
    await holder.printed(/words/);
    const { code, stdout } = await rta(['doctor'], { cwd: project });
    expect(code).toBe(0);
    expect(stdout).toContain(`! the embedded log is open in process ${holder.child.pid} (`);
    holder.child.kill('SIGINT');
    expect((await holder.ended).code).toBe(130);
  });

  it('fails for what will not work, with a remedy each', async () => {
    const project = temporaryProject();
    writeFileSync(join(project, 'pipelines/wrong.yaml'), 'pipeline: wrong\nsource: nobody\nsink: { topic: out }\n');
    const [kafka, registry] = [await freePort(), await freePort()];
    const ran = await rta(['doctor', '--brokers', `127.0.0.1:${kafka}`, '--registry', `http://127.0.0.1:${registry}`, '--json'], {
      cwd: project,
    });
    expect(ran.code).toBe(1);
    expect(statuses(ran)).toMatchObject({ node: 'ok', brokers: 'failed', registry: 'failed', pipelines: 'failed' });
    for (const line of ndjson(ran.stdout)) if (line['status'] === 'failed') expect(line['remedy']).toMatch(/\w/);
  });

  it('fails for a directory that is a file, and goes on without pipelines', async () => {
    const empty = temporaryDirectory();
    writeFileSync(join(empty, 'file'), '');
    const ran = await rta(['doctor', '--dir', 'file', '--json'], { cwd: empty });
    expect(ran.code).toBe(1);
    expect(statuses(ran)).toMatchObject({ directory: 'failed', pipelines: 'warning' });
  });

  it('fails for a damaged log', async () => {
    const project = temporaryProject();
    const log = await openEmbeddedLog(join(project, '.rta/log'));
    await log.ensureTopics([{ name: 'user-score', partitions: 3 }]);
    await log.close();
    rmSync(join(project, '.rta/log/db/CURRENT'));
    const { code, stdout } = await rta(['doctor'], { cwd: project });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ the embedded log is damaged.*\n {2}→ /);
  });
});

describe('its judgement', () => {
  const cluster = (part: Partial<KafkaCluster>, settings: Readonly<Record<string, string>> = {}): KafkaCluster => ({
    ...{ brokers: 1, transactionLog: null, settings: new Map(Object.entries(settings)) },
    ...part,
  });

  it.each([
    ['ok', cluster({})],
    ['ok', cluster({ brokers: 3 }, { 'transaction.state.log.replication.factor': '3', 'transaction.state.log.min.isr': '2' })],
    ['failed', cluster({ brokers: 1 }, { 'transaction.state.log.replication.factor': '3', 'transaction.state.log.min.isr': '1' })],
    ['failed', cluster({ brokers: 1, transactionLog: { partitions: 50, leaderless: 0 } }, { 'transaction.state.log.min.isr': '2' })],
    ['failed', cluster({ transactionLog: { partitions: 50, leaderless: 4 } })],
    ['failed', cluster({}, { 'transaction.max.timeout.ms': '30000' })],
    ['warning', cluster({ settings: null })],
    ['ok', cluster({ settings: null, transactionLog: { partitions: 50, leaderless: 0 } })],
  ] as const)('of transactions: %s', (status, described) => expect(checkTransactions(described).status).toBe(status));

  it('of Node and terminals', () => {
    expect(checkNode('20.0.0').status).toBe('ok');
    expect(checkNode('18.19.1').status).toBe('failed');
    const terminal = (columns: number, env = {}) => checkTerminal({ stdout: { write: () => true, isTTY: true, columns }, env });
    expect(terminal(120)).toMatchObject({ status: 'ok', message: 'terminal of 120 columns, colours' });
    expect(terminal(120, { NO_COLOR: '1' }).message).toContain('no colours');
    expect(terminal(60).status).toBe('warning');
    expect(terminal(120, { TERM: 'dumb' }).status).toBe('warning');
  });
});
