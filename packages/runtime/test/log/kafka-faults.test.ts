/** Requests and answers of every kind that get lost: the outcome is found out, or said to be unknown; never assumed. */
import { API, type Fate, KafkaProxy } from '@rta/tools';
import { afterEach, describe, expect, test } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { Log, LogError, Member } from '../../src/log/log.js';
import { uniqueName, useBroker, withoutKafka } from './kafka-broker.js';
import { batchesOf, nextOf, valuesOf } from './kafka-texts.js';

describe.skipIf(withoutKafka)('lost requests', { timeout: 60_000 }, () => {
  const broker = useBroker();
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  interface Setting {
    readonly proxy: KafkaProxy;
    /** Straight to the broker. */
    readonly log: Log;
    /** Through the proxy. */
    readonly shaky: Log;
    readonly input: string;
    readonly output: string;
    readonly join: () => Promise<Member>;
    readonly committed: () => Promise<number | null>;
    readonly settled: () => Promise<string[]>;
  }

  const set = async (): Promise<Setting> => {
    const proxy = await KafkaProxy.start(broker.brokers());
    closing.push(() => proxy.stop());
    const log = await broker.open();
    const shaky = await openKafkaLog({ brokers: [proxy.address], requestTimeoutMs: 1_000 });
    closing.push(() => shaky.close());
    const [input, output, group, transactionalId] = [uniqueName('in'), uniqueName('out'), uniqueName('g'), uniqueName('tx')];
    await log.ensureTopics([
      { name: input, partitions: 1 },
      { name: output, partitions: 1 },
    ]);
    return {
      proxy,
      log,
      shaky,
      input,
      output,
      join: () => shaky.join({ group, topics: [input], transactionalId, sessionTimeoutMs: 6_000, transactionTimeoutMs: 4_000 }),
      committed: async () => (await log.groupOffsets(group, [{ topic: input, partition: 0 }]))[0].offset,
      settled: async () => {
        await expect
          .poll(async () => (await log.offsets(output)).map(({ stable, high }) => high - stable), { timeout: 20_000 })
          .toEqual([0]);
        return valuesOf(log, output, 0);
      },
    };
  };

  let struck = 0;
  /** That fate for the first `times` requests of a kind, from now on. */
  const strike = (proxy: KafkaProxy, kind: number, fate: Fate, times = 1): void => {
    let left = times;
    proxy.fate = (apiKey) => {
      if (apiKey !== kind || left-- <= 0) return 'pass';
      struck++;
      return fate;
    };
  };

  const commit = (member: Member, { input, output }: Setting, epoch: number, n: number): Promise<unknown> =>
    member.commit({ epoch, outputs: batchesOf(output, 0, [`${n}`]), offsets: [{ topic: input, partition: 0, offset: n, metadata: '' }] });

  const kinds = Object.entries(API);
  test.each(kinds.flatMap(([name, kind]) => (['lost', 'unanswered'] as const).map((fate) => [name, fate, kind] as const)))(
    '%s %s: a worker that re-reads what is committed does everything exactly once',
    async (_name, fate, kind) => {
      const setting = await set();
      let member: Member | undefined;
      let epoch = -1;
      const total = 6;
      let strikes = 0;
      struck = 0;
      strike(setting.proxy, kind, fate);
      for (let n = 1; n <= total;) {
        if (n === 3 && strikes++ === 0) strike(setting.proxy, kind, fate);
        try {
          if (member === undefined) {
            member = await setting.join();
            const assigned = await nextOf(member, 'assigned');
            epoch = assigned.epoch;
            n = ((await member.committed(assigned.partitions))[0].offset ?? 0) + 1;
            member.start(setting.input, 0, 0);
            await nextOf(member, 'records');
            if (n > total) break;
          }
          if (n === 4 && kind === API.heartbeat) await new Promise((resolve) => setTimeout(resolve, 700));
          await commit(member, setting, epoch, n++);
        } catch (error) {
          expect(['aborted', 'unknown', 'fenced', 'unreachable']).toContain((error as LogError).code);
          await member?.leave();
          member = undefined;
        }
      }
      await member?.leave();
      expect(struck).toBeGreaterThan(0);
      expect(await setting.settled()).toEqual(['1', '2', '3', '4', '5', '6']);
      expect(await setting.committed()).toBe(total);
    },
  );

  test.each(['lost', 'unanswered'] as const)(
    'EndTxn %s: found out by asking again, and the next transaction is under a new epoch',
    async (fate) => {
      const setting = await set();
      const member = await setting.join();
      const { epoch } = await nextOf(member, 'assigned');
      strike(setting.proxy, API.endTxn, fate);
      await commit(member, setting, epoch, 1);
      await commit(member, setting, epoch, 2);
      expect(await setting.settled()).toEqual(['1', '2']);
      expect(await setting.committed()).toBe(2);
    },
  );

  test('EndTxn that never gets through: unknown; in fact nothing was done', async () => {
    const setting = await set();
    const member = await setting.join();
    const { epoch } = await nextOf(member, 'assigned');
    await commit(member, setting, epoch, 1);
    strike(setting.proxy, API.endTxn, 'lost', Infinity);
    await expect(commit(member, setting, epoch, 2)).rejects.toMatchObject({ code: 'unknown' });
    setting.proxy.fate = () => 'pass';
    await expect(commit(member, setting, epoch, 3)).rejects.toMatchObject({ code: 'unknown' });
    await member.leave();
    expect(await setting.settled()).toEqual(['1']);
    expect(await setting.committed()).toBe(1);
  });

  test('EndTxn that is never answered: unknown; in fact all was done', async () => {
    const setting = await set();
    const member = await setting.join();
    const { epoch } = await nextOf(member, 'assigned');
    strike(setting.proxy, API.endTxn, 'unanswered', Infinity);
    await expect(commit(member, setting, epoch, 1)).rejects.toMatchObject({ code: 'unknown' });
    expect(await setting.settled()).toEqual(['1']);
    expect(await setting.committed()).toBe(1);
  });

  test('a delayed EndTxn does not end a later transaction', async () => {
    const setting = await set();
    const member = await setting.join();
    const { epoch } = await nextOf(member, 'assigned');
    strike(setting.proxy, API.endTxn, { delayMs: 300 });
    await commit(member, setting, epoch, 1);
    // The next one is written, but its EndTxn is lost for longer than the delay: only the delayed one could commit it.
    strike(setting.proxy, API.endTxn, 'lost', Infinity);
    await expect(commit(member, setting, epoch, 2)).rejects.toMatchObject({ code: 'unknown' });
    expect(await setting.settled()).toEqual(['1']);
    expect(await setting.committed()).toBe(1);
  });

  test('delayed offsets do not come into a later transaction', async () => {
    const setting = await set();
    const member = await setting.join();
    const { epoch } = await nextOf(member, 'assigned');
    struck = 0;
    strike(setting.proxy, API.txnOffsetCommit, { delayMs: 400 });
    await commit(member, setting, epoch, 1);
    // The next transaction is open when the offsets of the first come once more.
    strike(setting.proxy, API.endTxn, { holdMs: 800 });
    await commit(member, setting, epoch, 2);
    expect(await setting.settled()).toEqual(['1', '2']);
    expect(await setting.committed()).toBe(2);
    expect(struck).toBe(2);
  });

  test('an append whose answer is lost is there once', async () => {
    const { proxy, shaky, output, settled } = await set();
    for (const fate of ['lost', 'unanswered'] as const) {
      strike(proxy, API.produce, fate);
      const batches = [...batchesOf(output, 0, [`${fate} 1`]), ...batchesOf(output, 0, [`${fate} 2`])];
      const { baseOffsets } = await shaky.append(batches);
      expect(baseOffsets[1]).toBe(baseOffsets[0] + 1);
    }
    expect(await settled()).toEqual(['lost 1', 'lost 2', 'unanswered 1', 'unanswered 2']);
  });
});
