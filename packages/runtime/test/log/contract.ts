/**
 * What every Log adapter must do. Adapters may leave gaps between offsets (Kafka's transaction markers take one), so tests compare what was
 * read, in order, and the offsets that commits gave, never absolute offsets of their own making.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Log, MemberOptions, TopicSpec } from '../../src/log/log.js';
import { groupTests } from './contract-groups.js';
import { idleTests } from './contract-idle.js';
import { memberTests } from './contract-members.js';
import { topicTests } from './contract-topics.js';
import { outputs, unique } from './outputs.js';
import { TestWorker, collect, values } from './test-worker.js';

export interface LogUnderTest {
  readonly log: Log;
  cleanup(): Promise<void>;
  /** Closes the log and opens it again, as after a restart; left out where that is not the adapter's to do. */
  reopen?(): Promise<Log>;
}

export interface ContractOptions {
  /** How long one test may take; waiting for an assignment or records may take four fifths of it. ms */
  readonly timeoutMs?: number;
}

/** What the tests of the contract work with. */
export class Fixture {
  private readonly joined = new Set<TestWorker>();

  constructor(
    public log: Log,
    private readonly timeoutMs: number,
  ) {}

  /** A new topic; its name. */
  async topic(partitions = 1, config: TopicSpec['config'] = {}): Promise<string> {
    const spec = { name: unique('t'), partitions, config };
    await this.log.ensureTopics([spec]);
    return spec.name;
  }

  async join(group: string, topics: readonly string[], more: Partial<MemberOptions> = {}): Promise<TestWorker> {
    const member = await this.log.join({ group, topics, transactionalId: unique('tx'), ...more });
    const worker = new TestWorker(this.log, member, this.timeoutMs * 0.8);
    this.joined.add(worker);
    return worker;
  }

  async leave(...workers: TestWorker[]): Promise<void> {
    for (const worker of workers) {
      this.joined.delete(worker);
      await worker.member.leave();
    }
  }

  /** Members that a test which failed has left behind. */
  async leaveAll(): Promise<void> {
    await this.leave(...this.joined);
  }
}

export function logContract(name: string, make: () => Promise<LogUnderTest>, options: ContractOptions = {}): void {
  const timeout = options.timeoutMs ?? 20_000;

  describe(`${name}: the contract of a log`, { timeout }, () => {
    let under: LogUnderTest;
    const on = new Fixture(undefined as unknown as Log, timeout);

    beforeAll(async () => {
      under = await make();
      on.log = under.log;
    }, 120_000);

    afterEach(() => on.leaveAll());

    afterAll(async () => {
      await under.cleanup();
    }, 120_000);

    topicTests(on);
    memberTests(on);
    groupTests(on);
    idleTests(on);

    it('is all there after a restart', async (context) => {
      if (under.reopen === undefined) context.skip();
      const [name, to] = [await on.topic(2, { 'retention.ms': '-1' }), await on.topic()];
      const group = unique('g');
      await on.log.append([...outputs(name, 0, ['a', 'b']), ...outputs(name, 1, ['c'])]);
      const worker = await on.join(group, [name]);
      await worker.until(() => worker.count === 3);
      const second = worker.of(name, 0)[1].offset;
      const committed = { topic: name, partition: 0, offset: second, metadata: 'm' };
      await worker.member.commit({ epoch: worker.epoch, outputs: outputs(to, 0, ['x']), offsets: [committed] });
      await on.log.deleteRecords(name, 0, second);
      await on.leave(worker);
      on.log = await under.reopen!();
      const described = (await on.log.topics()).find((t) => t.name === name);
      expect(described).toMatchObject({ name, partitions: 2, config: { 'retention.ms': '-1' } });
      expect((await on.log.offsets(name))[0].low).toBe(second);
      expect(values(await collect(on.log, name, 0, second))).toEqual(['b']);
      expect(values(await collect(on.log, name, 1))).toEqual(['c']);
      expect(values(await collect(on.log, to, 0))).toEqual(['x']);
      expect(await on.log.groupOffsets(group, [{ topic: name, partition: 0 }])).toEqual([committed]);
      const again = await on.join(group, [name]);
      await again.until(() => again.count === 2);
      expect(values(again.of(name, 0))).toEqual(['b']);
    });
  });
}
