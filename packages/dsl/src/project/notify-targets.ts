/** `notify:` of rta.yaml: whom alerts tell. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { type Environment, resolveVariables } from '../yaml/env.js';
import type { YamlEntry, YamlNode } from '../yaml/node.js';

export type NotifyKind = 'webhook' | 'pagerduty' | 'slack';

/** A target, its variables resolved: its settings may hold secrets, never print them. */
export interface NotifyTarget {
  readonly name: string;
  readonly kind: NotifyKind;
  /** `url`, `token`, `routingKey`, `severity`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Variables that are not set: whoever has to deliver cannot; others need not know them. */
  readonly problems: readonly Diagnostic[];
}

/** What a text says that stands in the place of the settings. */
const SHORT: Readonly<Record<NotifyKind, string>> = { webhook: 'url', pagerduty: 'routingKey', slack: 'url' };

/** Reads one target, whose structure was checked; null where it is none. */
export function notifyTarget({ key: name, value }: YamlEntry, env: Environment): NotifyTarget | null {
  const entry = value.kind === 'map' ? value.entries.at(0) : undefined;
  const kind = (Object.keys(SHORT) as NotifyKind[]).find((one) => one === entry?.key);
  if (entry === undefined || kind === undefined) return null;
  const problems: Diagnostic[] = [];
  const settings: Record<string, string> = {};
  const set = (setting: string, node: YamlNode): void => {
    const text = node.kind === 'scalar' ? resolveVariables(node.text, env, node.span, (problem) => void problems.push(problem)) : null;
    if (text !== null) settings[setting] = text;
  };
  if (entry.value.kind === 'map') for (const setting of entry.value.entries) set(setting.key, setting.value);
  else set(SHORT[kind], entry.value);
  return { name, kind, settings, problems };
}
