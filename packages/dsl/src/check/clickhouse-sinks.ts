/** `clickhouse:`: tables that rows can go to, and how to reach them. */
import type { ClickhouseAst, SinkAst, StoreAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { CLICKHOUSE_COLUMNS, type ClickhouseTarget, STORE_TIME } from '../plan/store-sink.js';
import type { Column } from '../plan/plan.js';
import { definite } from '../types/lattice.js';
import type { Environment } from '../yaml/env.js';
import { remoteMessages, type ResolvedRemote, RemoteTexts, urlProblem, writtenText } from './remote-messages.js';
import type { Session } from './session.js';

const DEFAULTS: Readonly<Record<keyof ClickhouseAst, string>> = {
  url: '${CLICKHOUSE_URL:-http://localhost:8123}',
  database: '${CLICKHOUSE_DATABASE:-default}',
  user: '${CLICKHOUSE_USER:-default}',
  password: '${CLICKHOUSE_PASSWORD:-}',
};
const SECRETS = '`user` and `password`';
/** Columns of rta itself. */
const OWN: readonly string[] = [STORE_TIME, ...Object.values(CLICKHOUSE_COLUMNS)];

export function clickhouseTarget({ name, clickhouse }: StoreAst, ttlMs: number | null): ClickhouseTarget {
  const of = (setting: keyof ClickhouseAst): string => clickhouse?.[setting]?.value ?? DEFAULTS[setting];
  return { kind: 'clickhouse', table: name.value, url: of('url'), database: of('database'), user: of('user'), password: of('password'), ttlMs }; // prettier-ignore
}

/** Reports a URL that is none, and columns that the table cannot have. */
export function checkClickhouse(
  { stores: [{ keySpan, clickhouse }] }: SinkAst,
  columns: readonly Column[],
  key: readonly string[],
  session: Session,
): void {
  for (const [setting, text] of Object.entries(clickhouse ?? {})) {
    const value = text === null ? null : writtenText(text, session);
    const why = setting === 'url' ? urlProblem(value, SECRETS) : null;
    if (text !== null && why !== null) session.report(remoteMessages.remoteUrl(text.span, why));
  }
  for (const { name, type } of columns) {
    if (OWN.includes(name)) session.report(remoteMessages.clickhouseColumn(keySpan, name));
    // That it is never null was seen to as for any key.
    if (key.includes(name) && definite(type).kind === 'map') session.report(remoteMessages.clickhouseKey(keySpan, name, 'is a map'));
  }
}

/** How to reach ClickHouse, its variables resolved. */
export interface ResolvedClickhouse extends ResolvedRemote {
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** @param span the place of the sink */
export function resolveClickhouse({ url, database, user, password }: ClickhouseTarget, span: Span, env: Environment): ResolvedClickhouse {
  const texts = new RemoteTexts(url, SECRETS, span, env);
  const [base, name, secret] = [database, user, password].map((text) => texts.resolve(text) ?? '');
  return { url: texts.url, database: base, user: name, password: secret, problems: texts.problems };
}
