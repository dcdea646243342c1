/** `webhook:`: URLs that rows can be posted to, and headers that can be sent with them. */
import type { SinkAst } from '../ast/ast.js';
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { errorMessage, quote } from '../diagnostics/message.js';
import type { WebhookTarget } from '../plan/store-sink.js';
import { type Environment, resolveVariables } from '../yaml/env.js';
import { yamlMessages } from '../yaml/messages.js';
import type { Session } from './session.js';
import { sinkMessages } from './sink-messages.js';

/** RTA332x: the messages about webhooks. None shows what may be a secret. */
export const webhookMessages = {
  webhookUrl: errorMessage('RTA3321', 'A URL that nothing can be posted to', (span: Span, why: string) => ({
    span,
    message: `rows cannot be posted there: ${why}`,
    help: 'write a URL such as https://example.com/orders, or `${NAME}` of an environment variable that holds one',
  })),
  webhookHeader: errorMessage('RTA3322', 'A header that cannot be sent', (span: Span, name: string, why: string) => ({
    span,
    message: `the header ${quote(name)} cannot be sent: ${why}`,
  })),
};

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
  const resolved = (text: string, span: Span): string | null =>
    resolveVariables(text, session.env, span, (problem) => {
      // Those that are not set here may be where it runs.
      if (problem.code === yamlMessages.badVariable.code) session.report(problem);
    });
  const why = urlProblem(resolved(url.value, url.span));
  if (why !== null) session.report(webhookMessages.webhookUrl(url.span, why));
  for (const { name, value } of webhook?.headers ?? []) {
    const twice = seen.has(name.value.toLowerCase()) ? 'it is there already' : null;
    seen.add(name.value.toLowerCase());
    const problem = twice ?? headerProblem(name.value, resolved(value.value, value.span));
    if (problem !== null) session.report(webhookMessages.webhookHeader(name.span, name.value, problem));
  }
}

/** A webhook with its variables resolved: may hold secrets, never print it. */
export interface ResolvedWebhook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Variables that are not set or hold what cannot be used: nothing can be delivered. */
  readonly problems: readonly Diagnostic[];
}

/** @param span the place of the sink */
export function resolveWebhook({ url, headers }: WebhookTarget, span: Span, env: Environment): ResolvedWebhook {
  const problems: Diagnostic[] = [];
  const resolve = (text: string): string | null => resolveVariables(text, env, span, (problem) => void problems.push(problem));
  const target = resolve(url);
  const why = urlProblem(target);
  if (why !== null) problems.push(webhookMessages.webhookUrl(span, why));
  const values = Object.entries(headers).flatMap(([name, text]) => {
    const value = resolve(text);
    const problem = headerProblem(name, value);
    if (problem !== null) problems.push(webhookMessages.webhookHeader(span, name, problem));
    return value === null ? [] : [[name.toLowerCase(), value] as const];
  });
  return { url: target ?? '', headers: Object.fromEntries(values), problems };
}

/** @param text null: not known here */
function urlProblem(text: string | null): string | null {
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return 'it is no URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${quote(url.protocol.slice(0, -1))} is neither http nor https`;
  return url.username !== '' || url.password !== '' ? 'a URL with a user or a password is not sent; use the header `authorization`' : null;
}

/** @param value null: not known here */
function headerProblem(name: string, value: string | null): string | null {
  if (!TOKEN.test(name)) return 'that is no name of a header';
  if (OWN.has(name.toLowerCase())) return 'rta writes that one itself';
  return value !== null && !VALUE.test(value) ? 'its value has characters that headers cannot have' : null;
}
