/** The sink `webhook:` on a real log, with targets that are there, are slow, refuse, and come back. */
import type { ErrorPolicy, SinkNode, WebhookTarget } from '@rta/dsl';
import { lettersOf } from '@rta/runtime';
import { Deliverer, WebhookSink } from '@rta/serve';
import { describe, expect, it } from 'vitest';
import { accept, openReceiver, type Receiver, status } from '../alerts/receiver.js';
import { useSinkTopics } from './sink-topic.js';

const { log, registry, open, write } = useSinkTopics();

interface Posted {
  readonly id: string;
  readonly time: string;
  readonly key: { readonly team: string };
  readonly row: { readonly team: string; readonly total: number | string } | null;
}

const rowsIn = ({ body }: { readonly body: unknown }): readonly Posted[] => body as readonly Posted[];
const rowsOf = ({ told }: Receiver): readonly Posted[] => told.flatMap(rowsIn);
const shown = (rows: readonly Posted[]): readonly string[] => rows.map(({ key, row }) => `${key.team}:${String(row?.total ?? 'gone')}`);

/** Delivers what the topic holds; a delivery that ended for good says why. */
async function delivered(sink: SinkNode, receiver: Receiver, more: Partial<WebhookTarget> = {}, errors: ErrorPolicy = { policy: 'fail' }) {
  const target: WebhookTarget = { kind: 'webhook', url: receiver.url, headers: {}, batch: 2, timeoutMs: 2_000, ...more };
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const pipeline = sink.topic.replace('-totals', '');
  const resolved = { ...target, headers: { authorization: 'Bearer T' }, problems: [] };
  const store = new WebhookSink({ log: log(), pipeline, sink, target, resolved, errors, onWarning });
  const settings = { pauseMs: 5, maxPauseMs: 20, lingerMs: 5 };
  const deliverer = new Deliverer({ log: log(), registry, pipeline, sink, store, workerId: 'w', isOwn: false, onWarning, settings });
  await deliverer.drain({ ms: 30_000, whileItGoes: false });
  const ended = await deliverer.run().then(
    () => null,
    (error: unknown) => (error as Error).message,
  );
  return { warnings, ended };
}

describe('the sink webhook', () => {
  it('posts rows as arrays, with ids, an idempotency key a request and the headers; and goes on where it was', async () => {
    const [sink, receiver] = [await open(), await openReceiver()];
    await write(sink, [
      ['red', 1],
      ['blue', 2],
      ['red', null],
    ]);
    expect(await delivered(sink, receiver)).toEqual({ warnings: [], ended: null });
    const [first, second] = receiver.told;
    expect(rowsIn(first)).toEqual([
      { id: `${sink.topic}-0-0`, time: '1970-01-01T00:00:00.001Z', key: { team: 'red' }, row: { team: 'red', total: 1 } },
      { id: `${sink.topic}-0-1`, time: '1970-01-01T00:00:00.002Z', key: { team: 'blue' }, row: { team: 'blue', total: 2 } },
    ]);
    expect(rowsIn(second)).toEqual([{ id: `${sink.topic}-0-2`, time: '1970-01-01T00:00:00.000Z', key: { team: 'red' }, row: null }]);
    expect(first.headers).toMatchObject({ authorization: 'Bearer T', 'content-type': 'application/json' });
    expect(receiver.told.map(({ headers }) => headers['idempotency-key'])).toEqual([`${sink.topic}-0-0-1`, `${sink.topic}-0-2-2`]);
    await write(sink, [['green', 4]]);
    await delivered(sink, receiver);
    expect(shown(rowsOf(receiver)).slice(3)).toEqual(['green:4']);
  });

  it('a target that is slow, busy, broken or away gets all rows, those of a key in order, and nothing twice that it took', async () => {
    const [sink, receiver] = [await open(3), await openReceiver()];
    const changes = (partition: number) => Array.from({ length: 30 }, (_, i) => [`t${String(partition)}-${String(i % 3)}`, i] as const);
    for (const partition of [0, 1, 2]) await write(sink, changes(partition), partition);
    const taken: Posted[] = [];
    let requests = 0;
    receiver.answer = (response, told) => {
      switch (requests++ % 6) {
        case 0:
          status(429, { 'retry-after': '0' })(response, told);
          return;
        case 1:
          status(500)(response, told);
          return;
        case 2:
          response.destroy();
          return;
        case 3:
          if (requests >= 8) status(503)(response, told); // no answer at all, once
          return;
        default:
          taken.push(...rowsIn(told));
          accept(response);
      }
    };
    const { warnings, ended } = await delivered(sink, receiver, { timeoutMs: 1_500, batch: 7 });
    expect(ended).toBeNull();
    expect(warnings.join()).toMatch(/rows wait in p\d+-totals, and it is tried again.*the store takes rows again/);
    expect(taken).toHaveLength(90);
    for (const partition of [0, 1, 2])
      expect(shown(taken.filter(({ key }) => key.team.startsWith(`t${String(partition)}`)))).toEqual(
        changes(partition).map(([team, total]) => `${team}:${String(total)}`),
      );
  });

  const refusing =
    (code: number, isBad: (row: Posted) => boolean): Receiver['answer'] =>
    (response, told) => {
      (rowsIn(told).some(isBad) ? status(code) : accept)(response, told);
    };
  const WITH_BAD = [
    ['a', 1],
    ['bad', 2],
    ['b', 3],
    ['c', 4],
  ] as const;
  const isBad = ({ key }: Posted): boolean => key.team === 'bad';

  it('ends at a row that is refused, as `errors: fail` says; the next run begins there', async () => {
    const [sink, receiver] = [await open(), await openReceiver()];
    await write(sink, WITH_BAD);
    receiver.answer = refusing(422, isBad);
    const { ended } = await delivered(sink, receiver, { batch: 4 });
    expect(ended).toMatch(/^the row at p\d+-totals-0, offset 1, is refused: it answers 422; the pipeline says `errors: fail`/);
    receiver.answer = accept;
    receiver.told.length = 0;
    expect((await delivered(sink, receiver, { batch: 4 })).ended).toBeNull();
    expect(shown(rowsOf(receiver))).toEqual(['a:1', 'bad:2', 'b:3', 'c:4']);
  });

  it('puts a row that is refused aside, once, and delivers the others', async () => {
    const [sink, receiver] = [await open(), await openReceiver()];
    await log().ensureTopics([{ name: `${sink.topic}-dead`, partitions: 1 }]);
    await write(sink, WITH_BAD);
    receiver.answer = refusing(400, isBad);
    const aside = { policy: 'topic', topic: `${sink.topic}-dead` } as const;
    const { ended, warnings } = await delivered(sink, receiver, { batch: 4 }, aside);
    expect(ended).toBeNull();
    expect(warnings).toEqual([`the row at ${sink.topic}-0, offset 1, is refused: it answers 400; it is put aside in ${aside.topic}`]);
    const letters = [];
    for await (const letter of lettersOf(log(), aside.topic)) letters.push(letter);
    expect(letters).toMatchObject([
      {
        reason: 'refused',
        pipeline: sink.topic.replace('-totals', ''),
        step: 'sink.totals',
        source: { topic: sink.topic, partition: 0, offset: 1 },
      },
    ]);
    receiver.told.length = 0;
    await write(sink, [['d', 5]]);
    await delivered(sink, receiver, {}, aside);
    expect(shown(rowsOf(receiver))).toEqual(['d:5']);
  });

  it('leaves a row out with `errors: skip`', async () => {
    const [sink, receiver] = [await open(), await openReceiver()];
    await write(sink, WITH_BAD);
    const took: Posted[] = [];
    receiver.answer = (response, told) => {
      if (!rowsIn(told).some(isBad)) took.push(...rowsIn(told));
      refusing(413, isBad)(response, told);
    };
    expect((await delivered(sink, receiver, { batch: 3 }, { policy: 'skip' })).ended).toBeNull();
    expect(shown(took)).toEqual(['a:1', 'b:3', 'c:4']);
  });

  it('ends where the target will never take rows from us, whatever `errors` says, and loses none', async () => {
    const [sink, receiver] = [await open(), await openReceiver()];
    await write(sink, WITH_BAD);
    for (const code of [401, 404, 308]) {
      receiver.answer = status(code);
      expect((await delivered(sink, receiver, {}, { policy: 'skip' })).ended).toBe(`it answers ${String(code)}`);
    }
    receiver.answer = accept;
    receiver.told.length = 0;
    await delivered(sink, receiver);
    expect(rowsOf(receiver)).toHaveLength(4);
  });
});
