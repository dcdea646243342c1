import { entryOf, isNull, valueOf, type YamlEntry, type YamlNode } from '../yaml/node.js';
import type { SettingsReader, Spanned } from '../yaml/read.js';
import type { StoreAst } from './ast.js';

/** `clickhouse:` of a sink. How to reach it stays as written, as in a webhook. */
export function buildClickhouse({ value, keySpan }: YamlEntry, read: SettingsReader): readonly StoreAst[] {
  const name = value.kind === 'map' ? read.textAt(value, 'table') : read.text(value);
  if (name === null) return [];
  const at = (key: string): Spanned<string> | null => written(valueOf(value, key));
  const clickhouse = { url: at('url'), database: at('database'), user: at('user'), password: at('password') };
  return [{ kind: 'clickhouse', keySpan, name, clickhouse }];
}

/** `webhook:` of a sink. The URL and the headers stay as written: what their variables hold is for those who deliver, and never in a plan. */
export function buildWebhook({ value, keySpan }: YamlEntry, read: SettingsReader): readonly StoreAst[] {
  const name = written(value.kind === 'map' ? valueOf(value, 'url') : value);
  if (name === null) return [];
  const headers = value.kind === 'map' ? (entryOf(value, 'headers')?.value ?? null) : null;
  const webhook = {
    headers: (headers?.kind === 'map' ? headers.entries : []).flatMap((entry) => {
      const text = written(entry.value);
      return text === null ? [] : [{ name: { value: entry.key, span: entry.keySpan }, value: text }];
    }),
    batch: read.integerAt(value, 'batch'),
    timeoutMs: read.durationAt(value, 'timeout')?.value ?? null,
  };
  return [{ kind: 'webhook', keySpan, name, webhook }];
}

function written(node: YamlNode | null): Spanned<string> | null {
  return node?.kind === 'scalar' && !isNull(node) && node.text !== '' ? { value: node.text, span: node.span } : null;
}
