/** What sinks that go elsewhere share: URLs, and texts whose variables are for those who deliver. */
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { errorMessage, quote } from '../diagnostics/message.js';
import { type Environment, resolveVariables } from '../yaml/env.js';
import { yamlMessages } from '../yaml/messages.js';
import type { Spanned } from '../yaml/read.js';
import type { Session } from './session.js';

/** RTA332x: the messages about what is elsewhere. None shows what may be a secret. */
export const remoteMessages = {
  remoteUrl: errorMessage('RTA3321', 'A URL that no rows can go to', (span: Span, why: string) => ({
    span,
    message: `rows cannot go there: ${why}`,
    help: 'write a URL such as https://example.com, or `${NAME}` of an environment variable that holds one',
  })),
  webhookHeader: errorMessage('RTA3322', 'A header that cannot be sent', (span: Span, name: string, why: string) => ({
    span,
    message: `the header ${quote(name)} cannot be sent: ${why}`,
  })),
  clickhouseColumn: errorMessage('RTA3323', 'A column that each table of ClickHouse has', (span: Span, name: string) => ({
    span,
    message: `a table of ClickHouse has a column ${quote(name)} already: rta keeps there which version of a row it is`,
    help: 'rename it before the sink: `rename: { new_name: old }`',
  })),
  clickhouseKey: errorMessage(
    'RTA3324',
    'A key that a table of ClickHouse cannot be sorted by',
    (span: Span, name: string, why: string) => ({
      span,
      message: `a table of ClickHouse is sorted by the key, and ${quote(name)} ${why}`,
      help: 'let the rows have another key, or take out of it what they are told apart by',
    }),
  ),
};

/** The text with its variables, as far as they are set; null: not known here. Reports what names no variable. */
export function writtenText({ value, span }: Spanned<string>, session: Session): string | null {
  return resolveVariables(value, session.env, span, (problem) => {
    // Those that are not set here may be where it runs.
    if (problem.code === yamlMessages.badVariable.code) session.report(problem);
  });
}

/**
 * What is wrong with a URL; null: nothing.
 *
 * @param text null: not known here
 * @param secrets where a user and a password belong
 */
export function urlProblem(text: string | null, secrets: string): string | null {
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return 'it is no URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${quote(url.protocol.slice(0, -1))} is neither http nor https`;
  return url.username !== '' || url.password !== '' ? `a user or a password in it would be shown; write them as ${secrets}` : null;
}

/** What is elsewhere, as those who deliver see it: may hold secrets, never print it. */
export interface ResolvedRemote {
  /** Empty: it is not known. */
  readonly url: string;
  /** Variables that are not set or hold what cannot be used: nothing can be delivered. */
  readonly problems: readonly Diagnostic[];
}

/** Resolves the texts of a target: what is wrong is noted among `problems`. */
export class RemoteTexts implements ResolvedRemote {
  readonly problems: Diagnostic[] = [];
  readonly url: string;

  /**
   * @param span the place of the sink
   * @param secrets where a user and a password belong
   */
  constructor(
    url: string,
    secrets: string,
    private readonly span: Span,
    private readonly env: Environment,
  ) {
    const target = this.resolve(url);
    const why = urlProblem(target, secrets);
    if (why !== null) this.problems.push(remoteMessages.remoteUrl(span, why));
    this.url = target ?? '';
  }

  /** The text with its variables; null: one is not set. */
  resolve(text: string): string | null {
    return resolveVariables(text, this.env, this.span, (problem) => void this.problems.push(problem));
  }
}
