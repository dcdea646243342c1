/** Notifiers on a real log, with targets that are there, are not, and come back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AvroSchema } from '@rta/dsl';
import { codecFor, embeddedRegistry, frame } from '@rta/registry';
import { BatchBuilder, type Log, openEmbeddedLog } from '@rta/runtime';
import { LONG, reportFigure } from '@rta/tools';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notifier, type NotifierOptions } from '../../src/alerts/notifier.js';
import { DeliveryWatch } from '../../src/delivery/delivery-watch.js';
import { notifyMetrics } from '../../src/metrics/notify-metrics.js';
import { accept, openReceiver, type Receiver, status } from './receiver.js';

const TEXTS = ['dedup_key', 'alert', 'action', 'reason', 'key', 'row'];
const TIMES = ['since', 'opened_at', 'at'];
const SCHEMA: AvroSchema = {
  type: 'record',
  name: 'Incident',
  fields: [
    ...TEXTS.map((name) => ({ name, type: 'string' })),
    ...TIMES.map((name) => ({ name, type: { type: 'long', logicalType: 'timestamp-millis' } })),
  ],
};
/** What a target does with a request; `late`: it takes it, and answers when nobody waits any more. */
const MISHAPS = ['unavailable', 'silent', 'late', 'cut'] as const;
const TIMEOUT_MS = 60;
const [RUNS, SEED] = [LONG ? 400 : 20, Number(process.env['SEED'] ?? 1)];

const directory = mkdtempSync(join(tmpdir(), 'rta-notifier-'));
const registry = embeddedRegistry(join(directory, 'registry'));
const codec = codecFor(SCHEMA);
let log: Log;
let id = 0;
let topics = 0;

beforeAll(async () => {
  log = await openEmbeddedLog(join(directory, 'log'), { sync: false });
  id = await registry.register('incidents-value', SCHEMA);
});

afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

async function newTopic(partitions = 1): Promise<string> {
  const name = `p${String(topics++)}-alerts`;
  await log.ensureTopics([{ name, partitions }]);
  return name;
}

/** `a:trigger` is that of key a, in partition 0 unless another is said. */
async function write(topic: string, transitions: readonly string[], partition = 0): Promise<void> {
  for (const transition of transitions) {
    const [key, action, alert = 'high'] = transition.split(':');
    const value = frame(
      id,
      codec.encode({ dedup_key: key, alert, action, reason: 'when', key: '{}', row: '{}', since: 1, opened_at: 2, at: 3 }),
    );
    const builder = new BatchBuilder(topic, partition);
    builder.append(0, Buffer.from(key), 0, key.length, value, 0, value.length, null);
    await log.append(builder.take());
  }
}

function notifierOf(topic: string, receiver: Receiver, more: Partial<NotifierOptions> = {}) {
  const warnings: string[] = [];
  const notifier = new Notifier({
    log,
    registry,
    pipeline: topic.replace('-alerts', ''),
    topic,
    target: { name: 'hook', kind: 'webhook', settings: { url: receiver.url }, problems: [] },
    alerts: new Set(['high']),
    workerId: 'w',
    onWarning: (message) => warnings.push(message),
    delivery: { timeoutMs: 500, pauseMs: 5, maxPauseMs: 20, giveUpMs: 60_000 },
    ...more,
  });
  return { notifier, warnings };
}

/** Runs until all that the topic holds is told. */
async function drained(topic: string, receiver: Receiver, more: Partial<NotifierOptions> = {}): Promise<readonly string[]> {
  const { notifier, warnings } = notifierOf(topic, receiver, more);
  await notifier.drain({ ms: 20_000, whileItGoes: false });
  await notifier.run();
  return warnings;
}

const told = ({ told: all }: Receiver): string[] => all.map(({ body }) => `${String(body.dedup_key)}:${String(body.action)}`);

describe('Notifier', () => {
  it('tells each transition once, those of a key in order, and goes on where it was', async () => {
    const [topic, receiver] = [await newTopic(2), await openReceiver()];
    await write(topic, ['a:trigger', 'a:resolve', 'a:trigger', 'b:trigger']);
    await write(topic, ['c:trigger'], 1);
    expect(await drained(topic, receiver)).toEqual([]);
    expect(told(receiver).filter((one) => one.startsWith('a'))).toEqual(['a:trigger', 'a:resolve', 'a:trigger']);
    expect(told(receiver).sort()).toEqual(['a:resolve', 'a:trigger', 'a:trigger', 'b:trigger', 'c:trigger']);
    await write(topic, ['a:resolve']);
    await drained(topic, receiver);
    expect(told(receiver)).toHaveLength(6);
    expect(told(receiver).at(-1)).toBe('a:resolve');
  });

  it('leaves out the alerts that the target is not told of', async () => {
    const [topic, receiver] = [await newTopic(), await openReceiver()];
    await write(topic, ['a:trigger', 'b:trigger:other', 'c:trigger']);
    await drained(topic, receiver);
    expect(told(receiver).sort()).toEqual(['a:trigger', 'c:trigger']);
  });

  it('a target that is down is told when it is back, in order and with the same idempotency keys', async () => {
    const [topic, receiver] = [await newTopic(), await openReceiver()];
    let failures = 10;
    receiver.answer = (response, one) => {
      (failures-- > 0 ? status(503) : accept)(response, one);
    };
    await write(topic, ['a:trigger', 'a:resolve']);
    const warnings = await drained(topic, receiver);
    expect(warnings).toEqual(['hook is not told that a has a trigger: it answers 503; it is tried again']);
    expect(told(receiver)).toEqual([...Array<string>(11).fill('a:trigger'), 'a:resolve']);
    expect(new Set(receiver.told.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([`${topic}-0-0`, `${topic}-0-1`]));
  });

  it('what was not delivered when it stopped is delivered by the next; what was is not', async () => {
    const [topic, receiver] = [await newTopic(), await openReceiver()];
    await write(topic, ['a:trigger', 'b:trigger', 'a:resolve']);
    let hanging: () => void = () => undefined;
    const hangs = new Promise<void>((resolve) => (hanging = resolve));
    receiver.answer = (response, one) => {
      if (one.body.action === 'trigger') accept(response);
      else hanging();
    };
    const { notifier } = notifierOf(topic, receiver, { delivery: { timeoutMs: 60_000, pauseMs: 5, maxPauseMs: 20, giveUpMs: 60_000 } });
    const run = notifier.run();
    await hangs;
    notifier.stop();
    await run;
    receiver.answer = accept;
    await drained(topic, receiver);
    expect(told(receiver).sort()).toEqual(['a:resolve', 'a:resolve', 'a:trigger', 'b:trigger']);
  });

  it('one that is refused does not hold up the others, and is named', async () => {
    const [topic, receiver] = [await newTopic(), await openReceiver()];
    receiver.answer = (response, one) => {
      (one.body.dedup_key === 'bad' ? status(400) : accept)(response, one);
    };
    await write(topic, ['bad:trigger', 'a:trigger']);
    expect(await drained(topic, receiver)).toEqual(['hook is not told that bad has a trigger: it answers 400']);
    expect(told(receiver).sort()).toEqual(['a:trigger', 'bad:trigger']);
  });

  it('is counted, by what became of it', async () => {
    const [topic, receiver] = [await newTopic(), await openReceiver()];
    receiver.answer = status(503);
    await write(topic, ['a:trigger', 'bad:trigger']);
    const watch = new DeliveryWatch();
    const figures = watch.notifyFiguresOf('p', 'hook');
    const { notifier } = notifierOf(topic, receiver, { figures });
    const run = notifier.run();
    await expect.poll(() => figures.retrying).toBe(2);
    receiver.answer = (response, one) => {
      (one.body.dedup_key === 'bad' ? status(400) : accept)(response, one);
    };
    await expect.poll(() => figures.retrying).toBe(0);
    notifier.stop();
    await run;
    expect(watch.notifyFiguresOf('p', 'hook')).toBe(figures);
    const samples = notifyMetrics(watch.notifications()).flatMap((family) =>
      family.samples.map(({ labels, value }) => [family.name, labels, value] as const),
    );
    const of = { pipeline: 'p', target: 'hook' };
    expect(samples).toEqual([
      ['rta_notifications_total', { ...of, result: 'delivered' }, 1],
      ['rta_notifications_total', { ...of, result: 'refused' }, 1],
      ['rta_notifications_total', { ...of, result: 'given-up' }, 0],
      ['rta_notifications_retrying', of, 0],
    ]);
  });
});

describe('a target through any mishap', () => {
  const mishaps: Record<(typeof MISHAPS)[number], Receiver['answer']> = {
    unavailable: status(503),
    silent: () => undefined,
    late: (response) => void setTimeout(() => response.writeHead(202).end(), 2 * TIMEOUT_MS),
    cut: (response) => void response.socket?.destroy(),
  };
  const delivery = { timeoutMs: TIMEOUT_MS, pauseMs: 2, maxPauseMs: 10, giveUpMs: 60_000 };
  const story = fc.record({
    /** Of each, the incidents that open, and close, one after the other. */
    transitions: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 20 }),
    answers: fc.array(fc.constantFrom('taken' as const, ...MISHAPS), { maxLength: 25 }),
    /** ms after which a process ends, and the next one comes. */
    lives: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 4 }),
  });

  it(`is told of each incident, in order (SEED=${String(SEED)})`, { timeout: 1_800_000 }, async () => {
    const receiver = await openReceiver();
    const total = { transitions: 0, requests: 0, mishaps: 0, ended: 0 };
    const law = fc.asyncProperty(story, async ({ transitions, answers, lives }) => {
      const [topic, left] = [await newTopic(2), [...answers]];
      const taken: Receiver['told'] = [];
      receiver.answer = (response, one) => {
        const answer = left.shift() ?? 'taken';
        total.requests++;
        if (answer !== 'taken') total.mishaps++;
        if (answer === 'taken' || answer === 'late') taken.push(one);
        (answer === 'taken' ? accept : mishaps[answer])(response, one);
      };
      const open = new Set<string>();
      const written = transitions.map((key) => `${key}:${open.delete(key) || !open.add(key) ? 'resolve' : 'trigger'}`);
      for (const [at, transition] of written.entries()) await write(topic, [transition], transitions[at] < 'c' ? 0 : 1);
      for (const life of lives) {
        const { notifier } = notifierOf(topic, receiver, { delivery });
        const run = notifier.run();
        await delay(life);
        notifier.stop();
        await run;
      }
      expect(
        await drained(topic, receiver, { delivery }).then((warnings) => warnings.filter((text) => !text.endsWith('it is tried again'))),
      ).toEqual([]);
      const requests = taken.map(({ headers, body }) => ({
        id: String(headers['idempotency-key']),
        key: String(body.dedup_key),
        action: String(body.action),
      }));
      for (const key of new Set(transitions)) {
        const own = requests.filter((request) => request.key === key);
        const first = own.filter(({ id }, at) => own.findIndex((other) => other.id === id) === at);
        const expected = written.filter((transition) => transition.startsWith(key));
        expect(first.map(({ action }) => `${key}:${action}`)).toEqual(expected);
        expect(`${key}:${own.at(-1)!.action}`).toBe(expected.at(-1));
      }
      total.transitions += written.length;
      total.ended += lives.length;
    });
    await fc.assert(law, { numRuns: RUNS, seed: SEED });
    expect(total.mishaps).toBeGreaterThan(RUNS);
    expect(total.ended).toBeGreaterThan(RUNS / 2);
    reportFigure(
      'alerts',
      `${String(total.transitions)} transitions in ${String(total.requests)} requests, of which ${String(total.mishaps)} were not answered in time, refused for now or cut; ${String(total.ended)} processes ended in between: each told, those of an incident in order; seed ${String(SEED)}`,
    );
  });
});
