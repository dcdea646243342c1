/** The HTTP side of a process that runs pipelines. */
import type { AddressInfo } from 'node:net';
import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import { fastify, type FastifyInstance } from 'fastify';
import { guard, writeGuard } from './access.js';
import { Collector, type CollectSettings } from './collect/collector.js';
import { addCollect } from './collect/routes.js';
import { addConsole, type ConsoleSource } from './console/console.js';
import type { DeliveryWatch } from './delivery/delivery-watch.js';
import { addDeployments } from './deployments/routes.js';
import { addHealth } from './health/health.js';
import { addLetters } from './letters/routes.js';
import { addLive } from './live/events.js';
import { addMetrics } from './metrics/metrics.js';
import { addQueries } from './query/routes.js';
import { Refused } from './refused.js';
import { addSchemas } from './schemas/routes.js';
import type { ServedPipeline } from './served-pipeline.js';
import { ViewTooLarge } from './sinks/sink-view.js';
import { SinkViews } from './sinks/sink-views.js';
import { addCopies } from './sql/copy-route.js';
import { addSql } from './sql/routes.js';
import type { SqlStore } from './sql/sql-store.js';
import { addTopics } from './topics/routes.js';

export interface HttpOptions {
  /** Where to listen; 127.0.0.1 is what only this machine reaches. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** What queries and live events ask for; null: only this machine may. */
  readonly token: string | null;
  /** What requests that change something ask for; null: nobody may. */
  readonly writeToken: string | null;
  /** Where other processes find this one; null: nowhere. */
  readonly address: string | null;
  /** Those that are in it when somebody asks. */
  readonly pipelines: readonly ServedPipeline[];
  /** Names of others that are to run here, and do not yet: it is not ready. Default: none. */
  readonly waiting?: () => readonly string[];
  /** How rows of sinks get to their stores, and incidents to their targets. */
  readonly deliveries: DeliveryWatch;
  /** The page at `/`; null: there is none. */
  readonly console: ConsoleSource | null;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** What questions in SQL are put to; null: nothing, for now. */
  readonly sql: () => SqlStore | null;
  /** Null: no events are taken. */
  readonly collect: CollectSettings | null;
  /** Told of what is wrong with us: the answer is 500. */
  readonly onError: (error: unknown) => void;
}

export interface HttpSide {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no more requests, and answers those that it has. */
  close(): Promise<void>;
}

/** Beyond this a client that keeps its connection open is cut off, ms. */
const CLOSE_MS = 5_000;

/** Rejects with the system's error where it cannot listen there. */
export async function serveHttp(options: HttpOptions): Promise<HttpSide> {
  const { host, port, pipelines, log, registry } = options;
  const app = fastify({ forceCloseConnections: 'idle', return503OnClosing: true, routerOptions: { maxParamLength: 1024 } });
  answerErrors(app, options.onError);
  const collector = options.collect === null ? null : new Collector(options.collect, log);
  addHealth(app, pipelines, options.waiting ?? (() => []), options.deliveries);
  addMetrics(app, pipelines, options.deliveries, collector);
  if (collector !== null) addCollect(app, collector);
  const asked = {
    pipelines,
    log,
    registry,
    views: new SinkViews(log, registry),
    guard: guard(options.token),
    token: options.token,
    address: options.address,
  };
  addQueries(app, asked);
  addLive(app, asked);
  addLetters(app, asked, writeGuard(options.writeToken));
  addTopics(app, asked);
  addSchemas(app, asked);
  addDeployments(app, asked);
  const olap = { store: options.sql, guard: asked.guard };
  addSql(app, olap);
  addCopies(app, olap);
  if (options.console !== null) addConsole(app, options.console, asked.guard);
  await app.listen({ host, port });
  const { port: taken } = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: async () => {
      const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
      await app.close();
      clearTimeout(cut);
    },
  };
}

function answerErrors(app: FastifyInstance, onError: HttpOptions['onError']): void {
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: 'not_found', message: `there is no ${request.method} ${request.url}` }),
  );
  app.setErrorHandler((error: Error & { readonly statusCode?: number; readonly retriable?: boolean }, _request, reply) => {
    if (error instanceof Refused) {
      if (error.retryAfter !== null) reply.header('retry-after', error.retryAfter);
      return reply.code(error.statusCode).send({ error: error.code, message: error.message });
    }
    if (error instanceof ViewTooLarge) return reply.code(507).send({ error: 'too_large', message: `${error.message}: ask a store by key` });
    const { statusCode: status = 500, message } = error;
    if (status < 500) return reply.code(status).send({ error: 'refused', message });
    // Brokers or a registry that do not answer are nothing that is wrong with us.
    if (error.retriable === true) return reply.code(503).header('retry-after', 1).send({ error: 'unavailable', message });
    onError(error);
    return reply.code(500).send({ error: 'failed', message: 'see the log of rta' });
  });
}
