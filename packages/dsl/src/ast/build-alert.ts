import { entryOf, valueOf, type YamlEntry, type YamlNode } from '../yaml/node.js';
import type { SettingsReader, Spanned } from '../yaml/read.js';
import type { AlertAst } from './ast.js';

/** Reads one alert of `alerts:`. */
export function buildAlert({ key, keySpan, value }: YamlEntry, read: SettingsReader): AlertAst {
  return {
    name: key,
    span: keySpan,
    from: read.textAt(value, 'from'),
    when: valueOf(value, 'when'),
    forMs: read.durationAt(value, 'for'),
    keepFiringMs: read.durationAt(value, 'keepFiringFor'),
    noDataMs: read.durationAt(value, 'noData'),
    notify: texts(entryOf(value, 'notify')?.value ?? null, read),
  };
}

/** One text or a list of them. */
function texts(node: YamlNode | null, read: SettingsReader): readonly Spanned<string>[] {
  return (node?.kind === 'seq' ? node.items : [node]).flatMap((item) => read.text(item) ?? []);
}
