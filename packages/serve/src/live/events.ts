/**
 * `/live`: what a sink holds as server-sent events: all of it, then what changes.
 *
 * ```
 * event: snapshot   data: {asOf, key, rows: [{row, final}]}
 * event: delta      data: {asOf, upserts: [{row, final}], deletes: [key]}
 * event: alive      data: {asOf}                                            each second without a change
 * ```
 * The id of an event names the view and its last change. Who comes back with it (`Last-Event-ID`) is sent what has changed since, as a
 * delta; where that is not known any more, or by another process, a snapshot.
 */
import { listing, type Plan, type SinkNode } from '@rta/dsl';
import { plainJson, rowJson } from '@rta/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { asOfJson, named } from '../query/answer.js';
import { pipelineNamed } from '../query/routes.js';
import { Refused } from '../refused.js';
import type { ServedPipeline } from '../served-pipeline.js';
import type { SinkView, ViewRow } from '../sinks/sink-view.js';
import type { SinkViews } from '../sinks/sink-views.js';

/** How often it is looked for changes, ms. */
const LOOK_MS = 100;
/** ms without a change after which an event says that all is as it was. */
const ALIVE_MS = 1000;
/** Bytes on their way to a reader from which on it is sent nothing more: what it misses it gets at once then. */
const UNREAD_BYTES = 1 << 20;
const READERS = 500;

export interface LiveOptions {
  readonly pipelines: readonly ServedPipeline[];
  readonly views: SinkViews;
  readonly guard: preHandlerAsyncHookHandler;
}

export function addLive(app: FastifyInstance, { pipelines, views, guard }: LiveOptions): void {
  const readers = new Set<Reader>();
  const open = async (request: FastifyRequest, reply: FastifyReply, plan: Plan, sink: SinkNode): Promise<FastifyReply> => {
    if (readers.size >= READERS) throw new Refused(503, 'too_many', `${READERS} read already`, 5);
    // What is wrong with it is said before anything is sent.
    await views.fresh(plan, sink);
    reply.hijack();
    const reader = new Reader(reply, () => views.fresh(plan, sink), lastEventId(request));
    readers.add(reader);
    reply.raw.once('close', () => readers.delete(reader));
    void reader.run();
    return reply;
  };
  app.get('/live/:pipeline/:sink', { preHandler: guard }, (request, reply) => {
    const { pipeline, sink: name } = request.params as { readonly pipeline: string; readonly sink: string };
    const { plan } = pipelineNamed(pipelines, pipeline);
    const found = named(plan, name);
    if (!('sink' in found)) throw new Refused(400, 'no_sink', `${name} is a store: ask /query/${pipeline}/${name}`);
    return open(request, reply, plan, found.sink);
  });
  app.get('/live/:topic', { preHandler: guard }, (request, reply) => {
    const { topic } = request.params as { readonly topic: string };
    const sinks = pipelines.flatMap(({ plan }) => plan.sinks.map((sink) => ({ plan, sink })));
    const found = sinks.find(({ sink }) => sink.topic === topic);
    if (found === undefined) {
      const topics = listing(sinks.map(({ sink }) => sink.topic), 'and'); // prettier-ignore
      throw new Refused(404, 'unknown_name', `no pipeline here writes ${topic}; there is ${topics}`);
    }
    return open(request, reply, found.plan, found.sink);
  });
  app.addHook('preClose', async () => {
    for (const reader of readers) reader.end();
  });
}

class Reader {
  private ended = false;
  private saidAt = 0;
  private view: string | null = null;
  private number = 0;

  constructor(
    private readonly reply: FastifyReply,
    private readonly fresh: () => Promise<SinkView>,
    /** View and number, from before. */
    last: readonly [string, number] | null,
  ) {
    if (last !== null) [this.view, this.number] = last;
  }

  /** Until one of the two goes. */
  async run(): Promise<void> {
    const { raw } = this.reply;
    raw.once('close', () => (this.ended = true));
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write('retry: 1000\n\n');
    while (!this.ended) {
      try {
        if (raw.writableLength < UNREAD_BYTES) this.tell(await this.fresh());
      } catch {
        // What cannot be read now is read later; that nothing comes tells the reader.
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  end(): void {
    this.ended = true;
    this.reply.raw.end();
  }

  private tell(view: SinkView): void {
    if (this.ended) return;
    const { sink, last } = view;
    const asOf = asOfJson(view.asOf.time, view.asOf.watermark, view.finalThrough);
    const changes = this.view === view.id ? view.since(this.number) : null;
    const shown = (rows: readonly ViewRow[]): object[] => rows.map(({ row, final }) => ({ row: rowJson(row, sink.columns), final }));
    if (changes === null) this.say('snapshot', view, { asOf, key: sink.key ?? [], rows: shown(view.all()) });
    else if (last !== this.number)
      this.say('delta', view, { asOf, upserts: shown(changes.upserts), deletes: changes.deletes.map((key) => rowJson(key, sink.columns)) });
    else if (performance.now() - this.saidAt >= ALIVE_MS) this.say('alive', view, { asOf });
  }

  private say(event: string, view: SinkView, data: object): void {
    this.view = view.id;
    this.number = view.last;
    this.saidAt = performance.now();
    this.reply.raw.write(`event: ${event}\nid: ${view.id}-${view.last}\ndata: ${JSON.stringify(data, plainJson)}\n\n`);
  }
}

function lastEventId({ headers }: FastifyRequest): [string, number] | null {
  const [, view, number] = /^([0-9a-f]{8})-(\d+)$/.exec(String(headers['last-event-id'] ?? '')) ?? [];
  return view === undefined ? null : [view, Number(number)];
}
