/** Records that cannot be counted in: each kind of them, under each policy. */
import { Buffer } from 'node:buffer';
import type { AvroSchema } from '@rta/dsl';
import { codecFor, frame } from '@rta/registry';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { encodeHeaders, records } from '../../src/log/batch/records.js';
import { BadRecordError } from '../../src/task/errors.js';
import { unique } from '../log/outputs.js';
import type { Backend } from './backend.js';
import { compiled, encodeScore, topicRows, USER_SCORE } from './project.js';

const START = Date.UTC(2026, 0, 1);
/** What another team might write: the score is not there. */
const WITHOUT_SCORE: AvroSchema = {
  type: 'record',
  name: 'UserScore',
  namespace: 'io.factorhouse.avro',
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'team_id', type: 'string' },
    { name: 'team_name', type: 'string' },
    { name: 'event_time_millis', type: 'long' },
  ],
};
const UNKNOWN_ID = 987_654;

export function badInputTests(backend: Backend): void {
  let schemaId = 0;
  let otherId = 0;
  beforeAll(async () => {
    schemaId = await backend.registry.register(unique('bad-value'), USER_SCORE);
    otherId = await backend.registry.register(unique('other-value'), WITHOUT_SCORE);
  });

  const good = (user_id: string, score: number, at: number): Buffer =>
    Buffer.from(encodeScore({ user_id, team_id: 't', team_name: 'T', score, event_time_millis: START + at }, schemaId));
  const kinds: Readonly<Record<string, { readonly reason: string; readonly value: () => Uint8Array | null }>> = {
    'not Avro': { reason: 'not_avro', value: () => good('ann', 5, 1).subarray(0, 9) },
    'an id that the registry does not know': { reason: 'unknown_schema_id', value: () => frame(UNKNOWN_ID, good('ann', 5, 1).subarray(5)) },
    'a missing field': {
      reason: 'missing_field',
      value: () =>
        frame(otherId, codecFor(WITHOUT_SCORE).encode({ user_id: 'ann', team_id: 't', team_name: 'T', event_time_millis: START })),
    },
    'a wrong magic byte': {
      reason: 'bad_magic',
      value: () => {
        const value = Buffer.from(good('ann', 5, 1));
        value[0] = 7;
        return value;
      },
    },
    'an empty value': { reason: 'empty_value', value: () => new Uint8Array(0) },
    'a null value': { reason: 'empty_value', value: () => null },
  };

  const plan = (source: string, errors: string) =>
    compiled(`pipeline: ${unique('bad')}
source: { topic: ${source}, schema: user_score, time: event_time_millis }
errors: ${errors}
steps:
  - groupBy: user_id
    aggregate: { total: sum(score) }
sink: { topic: ${source}-out }
`);

  /** A good record, the bad one with headers and a key, another good one. */
  async function write(source: string, bad: Uint8Array | null): Promise<void> {
    await backend.log.ensureTopics([{ name: source, partitions: 1 }]);
    const builder = new BatchBuilder(source, 0);
    const headers = encodeHeaders([{ key: 'trace', value: Buffer.from('abc') }]);
    const key = Buffer.from('k');
    const [first, last] = [good('ann', 1, 0), good('ann', 2, 2)];
    builder.append(START, null, 0, 0, first, 0, first.length, null);
    builder.append(START + 1, key, 0, key.length, bad, 0, bad?.length ?? 0, headers);
    builder.append(START + 2, null, 0, 0, last, 0, last.length, null);
    await backend.log.append(builder.take());
  }

  const totals = async (source: string): Promise<unknown> =>
    (await topicRows(backend.log, backend.registry, `${source}-out`)).map(({ value }) => value && Number(value['total']));
  /** Of both good records. There may have been a commit between them, while the registry was asked. */
  const whole = [[3], [1, 3]];

  describe.each(Object.entries(kinds))('%s', (_kind, { reason, value }) => {
    it('is dead-lettered with its bytes, headers and reason', async () => {
      const source = unique('bad');
      const bad = value();
      await write(source, bad);
      await backend.runToEnd(plan(source, `{ topic: ${source}-dlq }`));
      expect(whole).toContainEqual(await totals(source));
      const [{ partition, low, high }] = (await backend.log.offsets(`${source}-dlq`)).filter((o) => o.high > o.low);
      const dead = [];
      for await (const batch of backend.log.read(`${source}-dlq`, partition, low, high)) dead.push(...records(batch, low));
      expect(dead).toHaveLength(1);
      const [letter] = dead;
      expect(letter.timestamp).toBeGreaterThan(Date.now() - 600_000);
      expect(letter.value === null ? null : Buffer.from(letter.value)).toEqual(bad === null ? null : Buffer.from(bad));
      expect(Buffer.from(letter.key ?? []).toString()).toBe('k');
      const headers = Object.fromEntries(letter.headers.map((h) => [h.key, Buffer.from(h.value ?? []).toString()]));
      expect(headers).toMatchObject({
        trace: 'abc',
        'rta.reason': reason,
        'rta.topic': source,
        'rta.partition': '0',
        'rta.offset': '1',
        'rta.timestamp': String(START + 1),
        'rta.step': 'source.source',
      });
      expect(headers['rta.message']).not.toBe('');
    });

    it('is skipped and counted', async () => {
      const source = unique('bad');
      await write(source, value());
      const worker = await backend.worker(plan(source, 'skip'));
      await worker.drain();
      const { rejected, rejectedBy, recordsIn } = worker.snapshot();
      await worker.finish();
      expect({ rejected, rejectedBy, recordsIn }).toEqual({ rejected: 1, rejectedBy: { [reason]: 1 }, recordsIn: 3 });
      expect(whole).toContainEqual(await totals(source));
    });

    it('stops the pipeline with an error that says where, and again after a restart', async () => {
      const source = unique('bad');
      await write(source, value());
      const failing = plan(source, 'fail');
      for (let attempt = 0; attempt < 2; attempt++) {
        const error: unknown = await backend.runToEnd(failing).then(
          () => null,
          (e: unknown) => e,
        );
        expect(error).toBeInstanceOf(BadRecordError);
        expect(error).toMatchObject({ code: 'bad_record', reason, topic: source, partition: 0, offset: 1, retriable: false });
        expect((error as Error).message).toContain(`${source}-0 offset 1: ${reason}`);
      }
      expect([[], [1]]).toContainEqual(await totals(source));
    });
  });
}
