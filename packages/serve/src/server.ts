/** The HTTP side of a process that runs pipelines. */
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { guard } from './access.js';
import { addConsole, type ConsoleSource } from './console/console.js';
import { addHealth } from './health/health.js';
import { addMetrics } from './metrics/metrics.js';
import type { ServedPipeline } from './served-pipeline.js';

export interface HttpOptions {
  /** Where to listen; 127.0.0.1 is what only this machine reaches. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly pipelines: readonly ServedPipeline[];
  /** The page at `/`. */
  readonly console: ConsoleSource;
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
const CLOSE_MS = 2_000;

/** Rejects with the system's error where it cannot listen there. */
export async function serveHttp(options: HttpOptions): Promise<HttpSide> {
  const { host, port, pipelines, onError } = options;
  const app = fastify({ forceCloseConnections: 'idle', return503OnClosing: true, routerOptions: { maxParamLength: 1024 } });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: 'not_found', message: `there is no ${request.method} ${request.url}` }),
  );
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    const { statusCode: status = 500, message } = error;
    if (status >= 500) onError(error);
    return reply.code(status).send(status >= 500 ? { error: 'failed', message: 'see the log of rta' } : { error: 'refused', message });
  });
  addHealth(app, pipelines);
  addMetrics(app, pipelines);
  addConsole(app, options.console, guard(null));
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
