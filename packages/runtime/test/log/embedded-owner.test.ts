/** One process owns the directory; the others come by its socket. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbeddedLog, ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { RemoteLog } from '../../src/log/embedded/remote-log.js';
import type { LogError } from '../../src/log/log.js';
import { codeOf, outputs } from './outputs.js';
import { temporary } from './temporary.js';
import { collect } from './test-worker.js';

describe('a directory that is in use', () => {
  it('is served by its owner: topics, appends, reads, offsets, deletions', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    const log = await openEmbeddedLog(dir);
    expect(log).toBeInstanceOf(RemoteLog);
    await log.ensureTopics([{ name: 't', partitions: 2, config: { a: 'b' } }]);
    expect(await log.topics()).toEqual([{ name: 't', partitions: 2, config: { a: 'b' }, maxBatchBytes: null, replication: null }]);
    const big = Array.from({ length: 50 }, (_, i) => ({ key: `${i}`, value: `${i}`.padEnd(100_000, '.') }));
    const result = await log.append([...outputs('t', 0, ['a', 'b']), ...outputs('t', 1, big)]);
    expect(result.baseOffsets.slice(0, 2)).toEqual([0, 0]);
    expect((await collect(owner, 't', 0)).map((r) => r.value)).toEqual(['a', 'b']);
    expect(await collect(log, 't', 1)).toEqual(await collect(owner, 't', 1));
    expect((await collect(log, 't', 1, 20, 23)).map((r) => r.key)).toEqual(['20', '21', '22']);
    expect(await log.offsets('t')).toEqual(await owner.offsets('t'));
    expect(await log.groupOffsets('g', [{ topic: 't', partition: 0 }])).toEqual([{ topic: 't', partition: 0, offset: null, metadata: '' }]);
    await log.deleteRecords('t', 0, 1);
    expect((await owner.offsets('t'))[0].low).toBe(1);
    expect(await codeOf(collect(log, 't', 0, 0))).toBe('offset_out_of_range');
    expect(await codeOf(log.ensureTopics([{ name: 't', partitions: 3 }]))).toBe('partition_count');
    expect(await codeOf(log.offsets('none'))).toBe('unknown_topic');
    await log.deleteTopics(['t']);
    expect(await owner.topics()).toEqual([]);
    await log.close();
    expect(await codeOf(log.topics())).toBe('closed');
    await owner.close();
  });

  it('wakes the members of its owner when another appends', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    await owner.ensureTopics([{ name: 't', partitions: 1 }]);
    const log = await openEmbeddedLog(dir);
    const member = await owner.join({ group: 'g', topics: ['t'], transactionalId: 'x' });
    expect((await member.next(1000))?.type).toBe('assigned');
    member.start('t', 0, 0);
    const next = member.next(5000);
    const began = performance.now();
    await log.append(outputs('t', 0, ['a']));
    expect((await next)?.type).toBe('records');
    expect(performance.now() - began).toBeLessThan(2000);
    await log.close();
    await owner.close();
  });

  it('cannot be joined from elsewhere, and says so', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    const log = await openEmbeddedLog(dir);
    const error = await log.join({ group: 'g', topics: [], transactionalId: 'x' }).catch((e: unknown) => e as LogError);
    expect((error as LogError).code).toBe('unsupported');
    expect((error as LogError).message).toContain(`process ${process.pid}`);
    await log.close();
    await owner.close();
  });

  it('can only be owned once, and the error names the owner', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    const error = await ownEmbeddedLog(dir).catch((e: unknown) => e as LogError);
    expect((error as LogError).code).toBe('in_use');
    expect((error as LogError).message).toContain(`process ${process.pid}`);
    await owner.close();
    const next = await ownEmbeddedLog(dir);
    await next.close();
  });

  it('of a path too long for a socket is served all the same', async () => {
    const dir = join(temporary(), 'a'.repeat(90), 'b'.repeat(90));
    mkdirSync(dir, { recursive: true });
    const owner = await ownEmbeddedLog(dir);
    const log = await openEmbeddedLog(dir);
    expect(await log.topics()).toEqual([]);
    await log.close();
    await owner.close();
  });

  it('loses its owner: calls under way end with an error, later ones too', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    await owner.ensureTopics([{ name: 't', partitions: 1 }]);
    const log = await openEmbeddedLog(dir);
    const append = codeOf(log.append(outputs('t', 0, ['a'])));
    await owner.close();
    expect(['none', 'unknown']).toContain(await append);
    expect(await codeOf(log.topics())).toBe('unreachable');
  });

  it('was owned by a process that was killed: what it left is in nobody’s way', async () => {
    const dir = temporary();
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', join(import.meta.dirname, 'crash-child.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    const remote = await openEmbeddedLog(dir);
    expect(remote).toBeInstanceOf(RemoteLog);
    expect(remote).toHaveProperty('ownerPid', child.pid);
    expect((await remote.topics()).map((t) => t.name)).toEqual(['a', 'b', 'c', 'source']);
    child.kill('SIGKILL');
    await exited;
    expect(await codeOf(remote.topics())).toBe('unreachable');
    const owner = await ownEmbeddedLog(dir);
    const again = await openEmbeddedLog(dir);
    expect(again).toBeInstanceOf(RemoteLog);
    await again.close();
    await owner.close();
  });

  it('drops connections that speak another language', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    const socket = connect(join(dir, 'owner.sock'));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
    const log = await openEmbeddedLog(dir);
    expect(await log.topics()).toEqual([]);
    await log.close();
    await owner.close();
  });

  it('whose owner does not answer is in use', async () => {
    const dir = temporary();
    const owner = await ownEmbeddedLog(dir);
    const deaf = join(dir, 'deaf.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(deaf, resolve));
    writeFileSync(join(dir, 'owner.json'), JSON.stringify({ pid: 12345, host: 'here', command: 'rta run', socket: deaf }));
    const error = await openEmbeddedLog(dir).catch((e: unknown) => e as LogError);
    expect((error as LogError).code).toBe('in_use');
    expect((error as LogError).message).toContain('process 12345 on here (rta run)');
    server.close();
    await owner.close();
  }, 20_000);
});
