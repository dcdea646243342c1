/** Who may ask: everybody on this machine, or whoever has the token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whether only this machine reaches what listens there. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/**
 * Lets requests through that have the token (`authorization: Bearer …`, or `access_token` in the query, since an EventSource of a browser has no
 * headers). Without a token, those that name this machine: a page elsewhere whose name was made to point here may not ask.
 *
 * @param token null: only this machine reaches us
 */
export function guard(token: string | null): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const expected = token === null ? null : digest(token);
  return async (request, reply) => {
    if (expected === null) {
      if (isLoopback(request.hostname.replace(/^\[|\]$/g, ''))) return;
      await reply.code(403).send({ error: 'forbidden', message: `this is not ${request.hostname}` });
      return;
    }
    const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const given = bearer ?? (request.query as Readonly<Record<string, unknown>>)['access_token'];
    if (typeof given === 'string' && timingSafeEqual(digest(given), expected)) return;
    await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized', message: 'a token is needed: authorization: Bearer …' }); // prettier-ignore
  };
}

/**
 * Lets requests through that have the token of those that change something, as `authorization: Bearer …` only: what stands in an address may
 * come from a link.
 *
 * @param token null: nobody may
 */
export function writeGuard(token: string | null): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const expected = token === null ? null : digest(token);
  return async (request, reply) => {
    if (expected === null) {
      await reply.code(403).send({ error: 'read_only', message: 'nothing is changed from here: RTA_HTTP_WRITE_TOKEN is not set' });
      return;
    }
    const [, given] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized', message: 'the write token is needed, RTA_HTTP_WRITE_TOKEN: authorization: Bearer …' }); // prettier-ignore
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
