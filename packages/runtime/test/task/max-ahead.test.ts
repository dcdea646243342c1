/** `maxAhead` from end to end (SEMANTICS rule 9): what is too far ahead is a dead letter, and closes nothing. */
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { unique } from '../log/outputs.js';
import { onEmbedded, onKafka, withoutCluster, type Backend } from './backend.js';
import { lettersOf } from './letters.js';
import { compiled, encodeScore, topicRows, USER_SCORE } from './project.js';

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** Runs events `[user, event time]` of one partition through windows of a minute; what comes out and what is put aside. */
async function runThrough(backend: Backend, events: readonly (readonly [string, number])[], config: Readonly<Record<string, string>>) {
  const source = unique('ahead');
  const schemaId = await backend.registry.register(`${source}-value`, USER_SCORE);
  await backend.log.ensureTopics([{ name: source, partitions: 1, config }]);
  const builder = new BatchBuilder(source, 0);
  for (const [user_id, time] of events) {
    const value = encodeScore({ user_id, team_id: 't', team_name: 'T', score: 1, event_time_millis: time }, schemaId);
    builder.append(Date.now(), null, 0, 0, value, 0, value.length, null);
  }
  await backend.log.append(builder.take());
  const plan = compiled(`pipeline: ${source}
source: { topic: ${source}, schema: user_score, time: event_time_millis, maxAhead: 10m }
errors: { topic: ${source}-errors }
steps:
  - groupBy: user_id
    window: { tumbling: 1m }
    aggregate: { n: count() }
    emit: final
sink: { topic: ${source}-out }
`);
  await backend.runToEnd(plan);
  // Once only, and the watermark comes back as it was.
  const worker = await backend.runToEnd(plan);
  const closed = (await topicRows(backend.log, backend.registry, `${source}-out`)).map(({ value }) => value?.['user_id']).sort();
  const letters = (await lettersOf(backend.log, `${source}-errors`)).map(({ headers }) => ({
    reason: headers['rta.reason'],
    offset: headers['rta.offset'],
    message: headers['rta.message'],
  }));
  return { closed, letters, late: worker.snapshot().late };
}

describe.each([
  ['the embedded log', onEmbedded, false],
  ['Kafka', onKafka, withoutCluster],
] as const)('maxAhead on %s', (name, on, leftOut) => {
  describe.skipIf(leftOut)('', () => {
    const backend = on();
    const minute = (n: number): number => Math.floor(Date.now() / MINUTE) * MINUTE + n * MINUTE;

    it("against the partition's greatest time so far", async () => {
      const events = [
        ['a', minute(-60)],
        ['far', minute(-60) + YEAR],
        ['a', minute(-60) + 1],
        ['b', minute(-55)],
        ['far', minute(-40)],
        ['c', minute(-46)],
      ] as const;
      const { closed, letters, late } = await runThrough(backend, events, {});
      expect(closed).toEqual(['a', 'b']);
      expect(letters).toEqual([
        { reason: 'too_far_ahead', offset: '1', message: expect.stringContaining("the partition's") as unknown },
        { reason: 'too_far_ahead', offset: '4', message: expect.stringContaining("the partition's") as unknown },
      ]);
      expect(late).toBe(0);
    });

    // Only brokers have one.
    if (name !== 'Kafka') return;
    it("against the broker's append time, where the topic has it", async () => {
      const events = [
        // Nothing before it: only the broker knows what time it is.
        ['far', minute(0) + YEAR],
        ['a', minute(-60)],
        // Far ahead of the partition, but not of the clock: a producer that was away for an hour.
        ['b', minute(-1)],
        ['c', minute(5)],
        ['far', minute(20)],
      ] as const;
      const { closed, letters, late } = await runThrough(backend, events, { 'message.timestamp.type': 'LogAppendTime' });
      expect(closed).toEqual(['a', 'b']);
      expect(letters).toEqual([
        { reason: 'too_far_ahead', offset: '0', message: expect.stringContaining("the broker's append time") as unknown },
        { reason: 'too_far_ahead', offset: '4', message: expect.stringContaining("the broker's append time") as unknown },
      ]);
      expect(late).toBe(0);
    });
  });
});
