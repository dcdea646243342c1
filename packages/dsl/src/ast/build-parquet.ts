import type { YamlEntry } from '../yaml/node.js';
import type { SettingsReader } from '../yaml/read.js';
import type { StoreAst } from './ast.js';

/** `parquet:` of a sink: a directory, or a map of settings. */
export function buildParquet({ value, keySpan }: YamlEntry, read: SettingsReader): readonly StoreAst[] {
  const name = value.kind === 'map' ? read.textAt(value, 'path') : read.text(value);
  if (name === null) return [];
  const parquet = {
    everyMs: read.durationAt(value, 'every')?.value ?? null,
    rows: read.integerAt(value, 'rows'),
    size: read.textAt(value, 'size')?.value ?? null,
  };
  return [{ kind: 'parquet', keySpan, name, parquet }];
}
