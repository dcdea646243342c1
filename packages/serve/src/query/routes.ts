/** `/query`: what pipelines keep, and what they have written. */
import { didYouMean, listing, type Plan } from '@rta/dsl';
import { plainJson, planStages, storesOf, type Log, type StoreAnswer, type StoreQuery } from '@rta/runtime';
import type { FastifyInstance, FastifyReply, preHandlerAsyncHookHandler } from 'fastify';
import { optionsOf } from '../options.js';
import { Refused } from '../refused.js';
import type { ServedPipeline } from '../served-pipeline.js';
import type { SinkViews } from '../sinks/sink-views.js';
import { named, sinkAnswer, storeAnswer, storeQuery, storeSelection, type Answer } from './answer.js';
import type { QueryText } from './selection.js';
import { partOf, withTheOthers, type StorePart } from './store-parts.js';

export interface QueryOptions {
  readonly pipelines: readonly ServedPipeline[];
  readonly views: SinkViews;
  readonly log: Log;
  readonly guard: preHandlerAsyncHookHandler;
  /** What all processes ask for; null: nothing. */
  readonly token: string | null;
  /** Where others find this one; null: nowhere. */
  readonly address: string | null;
}

export function addQueries(app: FastifyInstance, { pipelines, views, log, guard, token, address }: QueryOptions): void {
  app.get('/query', { preHandler: guard }, () => ({ pipelines: pipelines.map(({ plan }) => contentsOf(plan)) }));
  app.get('/query/:pipeline/:name', { preHandler: guard }, async (request, reply) => {
    const { pipeline, name } = request.params as { readonly pipeline: string; readonly name: string };
    const text: QueryText = optionsOf(request.query, PARAMETERS);
    const served = pipelineNamed(pipelines, pipeline);
    const { plan } = served;
    const found = named(plan, name);
    if ('sink' in found) return sendJson(reply, sinkAnswer(plan, await views.fresh(plan, found.sink), text));
    const selection = storeSelection(found.store, text);
    const query = storeQuery(found.store, selection);
    const time = Date.now();
    const parts = (await ask(served, query)).map((answer) => partOf(answer, found.store, selection));
    // Another process asks, which puts together what all have.
    if (text.here !== undefined) return sendJson(reply, { parts });
    const all = await withTheOthers(parts, { plan, store: found.store, selection, text, log, token, address });
    return sendJson(reply, storeAnswer(plan, found.store, selection, time, all));
  });
}

/** @throws Refused */
export function pipelineNamed(pipelines: readonly ServedPipeline[], name: string): ServedPipeline {
  const found = pipelines.find(({ plan }) => plan.pipeline === name);
  if (found !== undefined) return found;
  const names = pipelines.map(({ plan }) => plan.pipeline);
  throw new Refused(
    404,
    'unknown_pipeline',
    `no pipeline ${name} runs here; ${didYouMean(name, names) ?? `there is ${listing(names, 'and')}`}`,
  );
}

/** Times in rows are ISO 8601 by then. */
function sendJson(reply: FastifyReply, answer: Answer | { readonly parts: readonly StorePart[] }): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer, plainJson));
}

/** A task that is being taken away or restored says so; who asks again finds it elsewhere, or ready. */
async function ask(pipeline: ServedPipeline, query: StoreQuery): Promise<readonly StoreAnswer[]> {
  try {
    return await pipeline.query(query);
  } catch (error) {
    throw new Refused(503, 'not_ready', `${pipeline.plan.pipeline} cannot say now: ${(error as Error).message}`, 1);
  }
}

function contentsOf(plan: Plan): object {
  return {
    pipeline: plan.pipeline,
    stores: storesOf(planStages(plan)).map(({ name, kind, key, windowed, columns }) => ({
      name,
      kind,
      key,
      windowed,
      columns: columns.map((column) => column.name),
    })),
    sinks: plan.sinks.map(({ name, topic, compacted, key, columns }) => ({
      name,
      topic,
      kind: compacted ? 'table' : 'stream',
      key: key ?? [],
      columns: columns.map((column) => column.name),
    })),
  };
}

const PARAMETERS = ['key', 'prefix', 'from', 'to', 'window', 'limit', 'here'] as const;
