/**
 * The live page, `/`, and what it is told: `/console/live` (server-sent events), `/console/topology/PIPELINE`,
 * `/console/ask/QUESTION`. It loads nothing from elsewhere, and
 * browsers are told to let it load nothing else. What it shows is handed in.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { plainJson } from '@rta/runtime';
import type { FastifyInstance, FastifyReply, preHandlerAsyncHookHandler } from 'fastify';

export interface ConsoleSource {
  readonly title: string;
  readonly script: string;
  readonly style: string;
  /** All that the page shows now, JSON: the page is complete before it has asked for anything. */
  state(): string;
  /** Calls with what changes from now on (event, JSON), until the function that is returned is called. */
  subscribe(say: (event: string, data: string) => void): () => void;
  /** JSON; null: there is no such pipeline here. */
  topology(pipeline: string): string | null;
  /** What a view asks for when it is looked at; null: there is nothing of that name. Rejects with what the log fails with. */
  ask(question: string, about: Readonly<Record<string, string>>): Promise<object | null>;
}

const SECURITY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Bytes on their way to a reader from which on it is sent nothing more: it asks again, and begins with all. */
const UNREAD_BYTES = 4 << 20;
const READERS = 100;

export function addConsole(app: FastifyInstance, source: ConsoleSource, guard: preHandlerAsyncHookHandler): void {
  const asset = (path: string, type: string, content: string): void => {
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
    app.get(path, (request, reply) => {
      reply.headers({ ...SECURITY, etag, 'cache-control': 'no-cache' });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(content);
    });
  };
  asset('/console.js', 'text/javascript; charset=utf-8', source.script);
  asset('/console.css', 'text/css; charset=utf-8', source.style);
  app.get('/', { preHandler: guard }, (_request, reply) =>
    reply
      .headers({ ...SECURITY, 'cache-control': 'no-store' })
      .type('text/html; charset=utf-8')
      .send(page(source)),
  );
  app.get('/console/topology/:pipeline', { preHandler: guard }, (request, reply) => {
    const found = source.topology((request.params as { readonly pipeline: string }).pipeline);
    if (found === null) return reply.code(404).send({ error: 'unknown_pipeline', message: 'it is not run here' });
    return reply
      .headers({ ...SECURITY, 'cache-control': 'no-store' })
      .type('application/json; charset=utf-8')
      .send(found);
  });
  app.get('/console/ask/:question', { preHandler: guard }, async (request, reply) => {
    const { question } = request.params as { readonly question: string };
    const about = Object.entries(request.query as Readonly<Record<string, unknown>>).filter(([, text]) => typeof text === 'string');
    const found = await source.ask(question, Object.fromEntries(about) as Readonly<Record<string, string>>);
    if (found === null) return reply.code(404).send({ error: 'unknown', message: 'there is nothing of that name here' });
    return reply
      .headers({ ...SECURITY, 'cache-control': 'no-store' })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(found, plainJson));
  });
  addEvents(app, source, guard);
}

function addEvents(app: FastifyInstance, source: ConsoleSource, guard: preHandlerAsyncHookHandler): void {
  const readers = new Set<ServerResponse>();
  app.get('/console/live', { preHandler: guard }, (_request, reply): FastifyReply => {
    if (readers.size >= READERS)
      return reply
        .code(503)
        .header('retry-after', 5)
        .send({ error: 'too_many', message: `${READERS} read already` });
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...SECURITY,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write('retry: 1000\n\n');
    const say = (event: string, data: string): void => {
      if (raw.writableLength > UNREAD_BYTES) raw.destroy();
      else raw.write(`event: ${event}\ndata: ${data}\n\n`);
    };
    const leave = source.subscribe(say);
    readers.add(raw);
    raw.once('close', () => {
      leave();
      readers.delete(raw);
    });
    say('state', source.state());
    return reply;
  });
  app.addHook('preClose', async () => {
    for (const raw of readers) raw.end();
  });
}

/** The state is data, which no browser runs; a `<` would end it. */
function page(source: ConsoleSource): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${source.title.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console.css">
</head>
<body>
<div id="app"><noscript>This page needs JavaScript. Figures without it: /readyz and /metrics.</noscript></div>
<script type="application/json" id="state">${source.state().replaceAll('<', '\\u003c')}</script>
<script src="/console.js"></script>
</body>
</html>
`;
}
