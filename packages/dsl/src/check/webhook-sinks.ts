/** `webhook:`: URLs that rows can be posted to, and headers that can be sent with them. */
import type { SinkAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import type { WebhookTarget } from '../plan/store-sink.js';
import type { Environment } from '../yaml/env.js';
import type { Session } from './session.js';
import { remoteMessages, type ResolvedRemote, RemoteTexts, urlProblem, writtenText } from './remote-messages.js';
import { sinkMessages } from './sink-messages.js';

const SECRETS = 'the header `authorization`';
/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A value may have blanks and tabs within, and no control characters. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Those that say what is sent and how: they are written for each request. */
const OWN = new Set(['content-type', 'content-length', 'idempotency-key', 'host', 'connection', 'transfer-encoding']);

/** Reports what is wrong with its URL and headers, as far as the variables in them are set. */
export function checkWebhook({ stores: [{ name: url, webhook }], ttlMs }: SinkAst, session: Session): void {
  if (ttlMs !== null)
    session.report(sinkMessages.sinkSetting(ttlMs.span, 'ttl', 'webhook', 'rows that were posted are kept by nobody here'));
  const seen = new Set<string>();
  const why = urlProblem(writtenText(url, session), SECRETS);
  if (why !== null) session.report(remoteMessages.remoteUrl(url.span, why));
  for (const { name, value } of webhook?.headers ?? []) {
    const twice = seen.has(name.value.toLowerCase()) ? 'it is there already' : null;
    seen.add(name.value.toLowerCase());
    const problem = twice ?? headerProblem(name.value, writtenText(value, session));
    if (problem !== null) session.report(remoteMessages.webhookHeader(name.span, name.value, problem));
  }
}

/** A webhook with its variables resolved. */
export interface ResolvedWebhook extends ResolvedRemote {
  readonly headers: Readonly<Record<string, string>>;
}

/** @param span the place of the sink */
export function resolveWebhook({ url, headers }: WebhookTarget, span: Span, env: Environment): ResolvedWebhook {
  const texts = new RemoteTexts(url, SECRETS, span, env);
  const values = Object.entries(headers).flatMap(([name, text]) => {
    const value = texts.resolve(text);
    const problem = headerProblem(name, value);
    if (problem !== null) texts.problems.push(remoteMessages.webhookHeader(span, name, problem));
    return value === null ? [] : [[name.toLowerCase(), value] as const];
  });
  return { url: texts.url, headers: Object.fromEntries(values), problems: texts.problems };
}

/** @param value null: not known here */
function headerProblem(name: string, value: string | null): string | null {
  if (!TOKEN.test(name)) return 'that is no name of a header';
  if (OWN.has(name.toLowerCase())) return 'rta writes that one itself';
  return value !== null && !VALUE.test(value) ? 'its value has characters that headers cannot have' : null;
}
