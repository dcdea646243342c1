import { entryOf, type YamlNode, valueOf } from '../yaml/node.js';
import type { SettingsReader } from '../yaml/read.js';
import type { RollupAst } from './ast.js';

/** `rollups:` of a sink, by name. */
export function buildRollups(node: YamlNode, read: SettingsReader): readonly RollupAst[] {
  const rollups = valueOf(node, 'rollups');
  return (rollups?.kind === 'map' ? rollups.entries : []).flatMap(({ key, keySpan, value }) => {
    const aggregate = valueOf(value, 'aggregate');
    return [
      {
        name: key,
        span: keySpan,
        every: read.durationAt(value, 'every'),
        ttlMs: read.durationAt(value, 'ttl'),
        groupBy: entryOf(value, 'groupBy'),
        aggregate: aggregate?.kind === 'map' ? aggregate : null,
      },
    ];
  });
}
