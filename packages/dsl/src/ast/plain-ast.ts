import type { Environment } from '../yaml/env.js';
import type { YamlNode } from '../yaml/node.js';
import { SettingsReader } from '../yaml/read.js';
import { toPlain } from '../yaml/schema.js';
import { buildPipeline } from './build.js';

/**
 * A pipeline's syntax tree as plain data, without places: settings are read, names not resolved, expressions still texts. For `explain`;
 * null where what was read is no map. What is wrong with it is for `compile` to say.
 */
export function plainAst(root: YamlNode | null, env: Environment): unknown {
  return root?.kind === 'map' ? plain(buildPipeline(root, new SettingsReader(env, () => undefined))) : null;
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Set) return [...(value as ReadonlySet<unknown>)];
  if (Array.isArray(value)) return value.map(plain);
  if (isYaml(value)) return toPlain(value);
  // A setting with its place.
  if ('span' in value && 'value' in value && Object.keys(value).length === 2) return plain(value.value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !/^(span|.*Span)$/.test(key))
      .map(([key, part]) => [key, plain(part)]),
  );
}

function isYaml(value: object): value is YamlNode {
  return 'kind' in value && 'span' in value && ['scalar', 'map', 'seq'].includes(String(value.kind));
}
