/** Records that a topic does not take: the pipeline goes on, and what could not be written is told of, once. */
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { unique } from '../log/outputs.js';
import { onKafka, withoutCluster } from './backend.js';
import { lettersOf } from './letters.js';
import { board, compiled, encodeScore, topicRows, USER_SCORE } from './project.js';

const START = Date.UTC(2026, 0, 1);
const copy = (source: string) =>
  compiled(`pipeline: ${source}
source: { topic: ${source}, schema: user_score, time: event_time_millis }
errors: { topic: ${source}-errors }
steps:
  - select: [user_id]
sink: { topic: ${source}-out }
`);
const LIMIT = { 'max.message.bytes': '3000' };

describe.skipIf(withoutCluster)('records that are too large', () => {
  const backend = onKafka();

  async function prepared(name: string, limited: readonly string[]) {
    const source = unique(name);
    const schemaId = await backend.registry.register(`${source}-value`, USER_SCORE);
    await backend.log.ensureTopics([
      { name: source, partitions: 1 },
      ...limited.map((suffix) => ({ name: source + suffix, partitions: 1, config: LIMIT })),
    ]);
    const score = (user_id: string, team_name = 'T'): Buffer =>
      Buffer.from(encodeScore({ user_id, team_id: 't', team_name, score: 1, event_time_millis: START }, schemaId));
    const write = async (values: readonly Uint8Array[]) => {
      const builder = new BatchBuilder(source, 0);
      for (const value of values) builder.append(START, Buffer.from('k'), 0, 1, value, 0, value.length, null);
      await backend.log.append(builder.take());
    };
    return { source, score, write };
  }

  const users = async (source: string) =>
    (await topicRows(backend.log, backend.registry, `${source}-out`)).map(({ value }) => value?.['user_id']);

  it('a dead letter: what of the value fits is kept, and how long it was', { timeout: 60_000 }, async () => {
    const { source, score, write } = await prepared('letter', ['-errors']);
    const bad = randomBytes(10_000);
    await write([score('ann'), bad, score('bob')]);
    const plan = copy(source);
    await backend.runToEnd(plan);
    await backend.runToEnd(plan);
    expect(await users(source)).toEqual(['ann', 'bob']);
    const [letter, ...more] = await lettersOf(backend.log, `${source}-errors`);
    expect(more).toEqual([]);
    expect(letter.headers).toMatchObject({ 'rta.reason': 'bad_magic', 'rta.offset': '1', 'rta.truncated': '10000' });
    expect(letter.key).toBe('k');
    expect(letter.value?.length).toBeGreaterThan(2000);
    expect(letter.value).toEqual(bad.subarray(0, letter.value?.length));
  });

  const names = (source: string, errors: string) =>
    compiled(`pipeline: ${source}
source: { topic: ${source}, schema: user_score, time: event_time_millis }
errors: ${errors}
steps:
  - groupBy: user_id
    aggregate:
      names: collect(team_name, 10)
sink: { topic: ${source}-out }
`);

  it('a row of a table: it goes to `errors`, and the row before is taken back', { timeout: 60_000 }, async () => {
    const { source, score, write } = await prepared('row', ['-out']);
    const plan = names(source, `{ topic: ${source}-errors }`);
    await write([score('ann', 'a'.repeat(2000)), score('bob', 'b')]);
    await backend.runToEnd(plan);
    expect((await board(backend.log, backend.registry, `${source}-out`)).map((row) => row['user_id']).sort()).toEqual(['ann', 'bob']);
    await write([score('ann', 'c'.repeat(2000)), score('bob', 'd')]);
    const worker = await backend.runToEnd(plan);
    expect(worker.snapshot()).toMatchObject({ rejected: 1, rejectedBy: { too_large: 1 } });
    expect(backend.warnings).toEqual([]);
    await backend.runToEnd(plan);
    expect(await board(backend.log, backend.registry, `${source}-out`)).toEqual([
      expect.objectContaining({ user_id: 'bob', names: ['b', 'd'] }),
    ]);
    const letters = await lettersOf(backend.log, `${source}-errors`);
    expect(letters.map(({ headers }) => headers)).toEqual([
      expect.objectContaining({ 'rta.reason': 'too_large', 'rta.topic': `${source}-out`, 'rta.step': 'sink', 'rta.partition': '0' }),
    ]);
    expect(letters[0].value?.toString()).toContain('ccc');
  });

  it('a row under `errors: fail` stops the pipeline with an error that says what to do', { timeout: 60_000 }, async () => {
    const { source, score, write } = await prepared('fail', ['-out']);
    await write([score('ann', 'a'.repeat(4000))]);
    await expect(backend.runToEnd(names(source, 'fail'))).rejects.toMatchObject({
      code: 'record_too_large',
      retriable: false,
      message: expect.stringMatching(/^a record of \d{4} bytes is more than .*-out takes \(3000\); .*max\.message\.bytes/u) as unknown,
    });
  });

  it("where what is packed may fit, the broker's answer is learnt from", { timeout: 60_000 }, async () => {
    const { source, score, write } = await prepared('packed', ['-errors']);
    await write([score('ann'), Buffer.alloc(10_000, 9), randomBytes(10_000), score('bob')]);
    const plan = copy(source);
    await backend.runToEnd(plan, { log: await backend.connect({ compression: 'gzip' }) });
    expect(backend.warnings.join('\n')).toContain('too_large: writing');
    expect(await users(source)).toEqual(['ann', 'bob']);
    const letters = await lettersOf(backend.log, `${source}-errors`);
    expect(letters.map(({ headers }) => headers['rta.offset'])).toEqual(['1', '2']);
  });
});
