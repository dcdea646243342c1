/** Delivery to targets that fail, hang and ask for patience. */
import { describe, expect, it } from 'vitest';
import { deliver, type DeliverySettings } from '../../src/alerts/deliver.js';
import { accept, openReceiver, type Receiver, status } from './receiver.js';

const QUICK: DeliverySettings = { timeoutMs: 1_500, pauseMs: 5, maxPauseMs: 20, giveUpMs: 3_600_000 };

/** Each request gets the next answer; those after the last are accepted. */
function inTurn(receiver: Receiver, ...answers: readonly Receiver['answer'][]): void {
  const left = [...answers];
  receiver.answer = (response, told) => {
    (left.shift() ?? accept)(response, told);
  };
}

async function delivered(receiver: Receiver, settings = QUICK) {
  const troubles: string[] = [];
  const request = { url: receiver.url, headers: { 'content-type': 'application/json', 'idempotency-key': 't-0-7' }, body: '{"a":1}' };
  const started = Date.now();
  const outcome = await deliver(request, settings, new AbortController().signal, (why) => troubles.push(why));
  return { outcome, troubles, ms: Date.now() - started };
}

describe('deliver', () => {
  it('tries again what may pass: errors of the server, a connection that breaks, no answer; and says so once', async () => {
    const receiver = await openReceiver();
    inTurn(
      receiver,
      status(500),
      (response) => response.destroy(),
      () => undefined,
      status(503),
    );
    const { outcome, troubles } = await delivered(receiver);
    expect(outcome).toEqual({ result: 'delivered' });
    expect(receiver.told.map(({ headers }) => headers['idempotency-key'])).toEqual(Array(5).fill('t-0-7'));
    expect(troubles).toHaveLength(1);
  });

  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('waits for as long as a 429 says, in %s', async (_what, header) => {
    const receiver = await openReceiver();
    inTurn(receiver, status(429, { 'retry-after': header() }));
    const { outcome, ms } = await delivered(receiver);
    expect(outcome).toEqual({ result: 'delivered' });
    expect(receiver.told).toHaveLength(2);
    expect(ms).toBeGreaterThanOrEqual(900);
  });

  it('does not insist where the target refuses, and does not follow it elsewhere', async () => {
    const [receiver, other] = [await openReceiver(), await openReceiver()];
    for (const [answer, why] of [
      [status(400), 'it answers 400'],
      [status(404), 'it answers 404'],
      [status(307, { location: other.url }), 'it answers 307'],
    ] as const) {
      receiver.answer = answer;
      expect((await delivered(receiver)).outcome).toEqual({ result: 'refused', why });
    }
    expect(receiver.told).toHaveLength(3);
    expect(other.told).toEqual([]);
  });

  it('gives up in the end, and names no secret', async () => {
    const receiver = await openReceiver();
    receiver.answer = status(503);
    const { outcome } = await delivered(receiver, { ...QUICK, giveUpMs: 500 });
    expect(outcome).toEqual({ result: 'given-up', why: 'it answers 503' });
    expect(receiver.told.length).toBeGreaterThan(1);
    const nobody = await delivered({ ...receiver, url: 'http://127.0.0.1:1/secret-path' }, { ...QUICK, giveUpMs: 30 });
    expect(nobody.outcome.result).toBe('given-up');
    expect(JSON.stringify(nobody)).not.toContain('secret');
  });

  it('ends at once when it is to stop', async () => {
    const receiver = await openReceiver();
    receiver.answer = status(429, { 'retry-after': '600' });
    const ending = new AbortController();
    const request = { url: receiver.url, headers: {}, body: '{}' };
    const outcome = deliver(request, QUICK, ending.signal, () => {
      ending.abort();
    });
    expect(await outcome).toEqual({ result: 'aborted' });
  });
});
