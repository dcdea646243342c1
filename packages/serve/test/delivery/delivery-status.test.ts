/** What is told of deliveries, to a target that is away, comes back, and refuses for good. */
import { describe, expect, it } from 'vitest';
import { BehindEnd } from '../../src/delivery/behind-end.js';
import { Deliverer } from '../../src/delivery/deliverer.js';
import { DeliveryWatch } from '../../src/delivery/delivery-watch.js';
import { deliveryMetrics } from '../../src/metrics/delivery-metrics.js';
import { WebhookSink } from '../../src/delivery/webhook/webhook-sink.js';
import { accept, openReceiver, status } from '../alerts/receiver.js';
import { useSinkTopics } from './sink-topic.js';

const { open, write, log, registry } = useSinkTopics();

/** Waits for it, for a minute at most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 6000 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isSo()).toBe(true);
}

describe('what is told of a delivery', { timeout: 60_000 }, () => {
  it('has its state, what it came to, and how far the store is behind', async () => {
    const [sink, receiver] = [await open(2), await openReceiver()];
    const watch = new DeliveryWatch();
    const name = { pipeline: 'p', sink: sink.name, store: 'webhook' } as const;
    const start = (): { readonly deliverer: Deliverer; readonly ended: Promise<unknown> } => {
      const target = { kind: 'webhook', url: receiver.url, headers: {}, batch: 10, timeoutMs: 5_000 } as const;
      const common = { log: log(), pipeline: 'p', sink, onWarning: () => undefined };
      const store = new WebhookSink({ ...common, target, resolved: { ...target, problems: [] }, errors: { policy: 'fail' } });
      const settings = { lingerMs: 0, pauseMs: 5, maxPauseMs: 20 };
      const deliverer = new Deliverer({ ...common, registry, store, workerId: '0', isOwn: false, figures: watch.figuresOf(name), settings }); // prettier-ignore
      watch.add(deliverer, name);
      const run = deliverer.run();
      return { deliverer, ended: run.catch((error: unknown) => error) };
    };
    const values = async (): Promise<Record<string, unknown>> =>
      Object.fromEntries(
        (await deliveryMetrics(watch)).map((family) => [family.name.replace('rta_delivery_', ''), family.samples[0].value]),
      );

    await write(sink, [['red', 1], ['blue', 2]]); // prettier-ignore
    await write(sink, [['green', 3]], 1);
    receiver.answer = status(503);
    const { deliverer, ended } = start();
    expect(deliverer.status.state).toBe('joining');
    await until(() => deliverer.status.failures > 2);
    expect(watch.all()).toMatchObject([{ name, status: { state: 'retrying', rows: 0 } }]);
    expect(await values()).toMatchObject({ records_total: 0, batches_total: 0, up: 0, lag_records: 3 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const away = await values();
    expect(away.delay_seconds).toBeGreaterThanOrEqual(0.05);
    expect(away.retries).toBe(away.failures_total);

    receiver.answer = accept;
    await until(() => deliverer.status.state === 'delivering' && deliverer.status.rows === 3);
    expect(await values()).toMatchObject({ records_total: 3, up: 1, retries: 0, lag_records: 0, delay_seconds: 0 });
    deliverer.stop();
    await ended;
    expect(deliverer.status.state).toBe('stopped');
    watch.remove(deliverer);
    expect(watch.all()).toEqual([]);

    // The next one counts on, and what is refused for good ends it.
    receiver.answer = status(404);
    await write(sink, [['red', 4]]);
    const next = start();
    expect(await next.ended).toMatchObject({ message: expect.stringContaining('404') as string });
    expect(await values()).toMatchObject({ records_total: 3, up: 0, lag_records: 1 });
    expect(next.deliverer.status.state).toBe('failed');
  });
});

describe('BehindEnd', () => {
  it('says for how long the first offset that is not taken has been there', () => {
    const behind = new BehindEnd();
    const at = (ends: number, taken: number, ms: number) => behind.look(new Map([[0, ends]]), new Map([[0, taken]]), ms);
    expect(at(5, 5, 0)).toEqual({ records: 0, ms: 0 });
    expect(at(9, 5, 1000)).toEqual({ records: 4, ms: 0 });
    expect(at(12, 6, 3000)).toEqual({ records: 6, ms: 2000 });
    // What was there at first is taken.
    expect(at(20, 9, 4000)).toEqual({ records: 11, ms: 1000 });
    for (let ms = 5000; ms <= 1_500_000; ms += 1000) at(20, 12, ms);
    expect(at(20, 12, 1_501_000)).toEqual({ records: 8, ms: 1_497_000 });
    expect(at(20, 20, 1_502_000)).toEqual({ records: 0, ms: 0 });
  });
});
