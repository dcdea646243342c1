/** The door for browsers: events are posted, and the snippet that posts them is fetched. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from '../refused.js';
import type { Collector } from './collector.js';
import { snippet } from './snippet.js';

/** What `sendBeacon` sends at most. */
const MAX_BODY_BYTES = 64 << 10;

export function addCollect(app: FastifyInstance, collector: Collector): void {
  const { path, origins } = collector.settings;
  const script = snippet(path);
  // In a context of its own: a beacon is text/plain, whatever it holds.
  void app.register(async (door) => {
    door.removeAllContentTypeParsers();
    door.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) => done(null, body));
    door.addHook('onRequest', async (request, reply) => {
      allowOrigin(request, reply, origins);
    });
    door.addHook('onError', async (_request, _reply, error) => {
      if ((error as { readonly statusCode?: number }).statusCode === 413) collector.countRejected('too_large', 1);
    });
    door.post(path, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      return reply.code(202).send(await collector.collect(body, request.ip));
    });
    door.options(path, (_request, reply) =>
      reply
        .code(204)
        .headers({
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'content-type',
          'access-control-max-age': '86400',
        })
        .send(),
    );
    door.get(`${path.slice(0, path.lastIndexOf('/'))}/snippet.js`, (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').header('cache-control', 'public, max-age=3600').send(script),
    );
  });
}

/** @throws Refused for a page that may not send */
function allowOrigin({ headers: { origin } }: FastifyRequest, reply: FastifyReply, origins: readonly string[] | null): void {
  if (origins === null || origin === undefined) {
    // A beacon brings cookies along, for which a browser wants the page named; nothing of ours depends on them.
    if (origin !== undefined) reply.headers({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'origin' }); // prettier-ignore
    return;
  }
  if (!origins.includes(origin)) throw new Refused(403, 'origin', `${origin} may not send events here`);
  reply.headers({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'origin' });
}
