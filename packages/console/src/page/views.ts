/** What the page shows, one at a time. A view is a component in a folder of its own, and an entry here. */
import type { JSX } from 'preact';
import type { ConsoleState } from '../wire.js';
import { Alerts } from './alerts/alerts.js';
import { Analytics } from './analytics/analytics.js';
import { Boards } from './boards/boards.js';
import { Deploys } from './deploys/deploys.js';
import { Freshness } from './freshness/freshness.js';
import { Letters } from './letters/letters.js';
import { Lookup } from './lookup/lookup.js';
import { Schemas } from './schemas/schemas.js';
import { Sql } from './sql/sql.js';
import { Topics } from './topics/topics.js';
import { Topology } from './topology/topology.js';
import { Windows } from './windows/windows.js';

export interface ViewProps {
  readonly state: ConsoleState;
  /** What stands behind `#id/` in the address, decoded; empty: nothing. */
  readonly path: string;
}

export interface View {
  /** The fragment of its address: `#topology`. */
  readonly id: string;
  readonly title: string;
  /** The key that opens it; each has another, and `t` is taken. */
  readonly key: string;
  readonly show: (props: ViewProps) => JSX.Element;
}

/** Views by what people come for. */
export const GROUPS: readonly { readonly title: string; readonly views: readonly View[] }[] = [
  {
    title: 'Results',
    views: [
      { id: 'boards', title: 'Boards', key: '1', show: Boards },
      { id: 'analytics', title: 'Analytics', key: '2', show: Analytics },
      { id: 'alerts', title: 'Alerts', key: '3', show: Alerts },
    ],
  },
  {
    title: 'Pipelines',
    views: [
      { id: 'topology', title: 'Topology', key: '4', show: Topology },
      { id: 'freshness', title: 'Freshness', key: '5', show: Freshness },
      { id: 'windows', title: 'Windows', key: '6', show: Windows },
      { id: 'letters', title: 'Late and refused', key: 'r', show: Letters },
      { id: 'deploys', title: 'Deploys', key: 'd', show: Deploys },
    ],
  },
  {
    title: 'Data',
    views: [
      { id: 'lookup', title: 'State', key: 's', show: Lookup },
      { id: 'topics', title: 'Topics', key: 'o', show: Topics },
      { id: 'schemas', title: 'Schemas', key: 'c', show: Schemas },
      { id: 'sql', title: 'SQL', key: 'q', show: Sql },
    ],
  },
];

export const VIEWS: readonly View[] = GROUPS.flatMap(({ views }) => views);

/** What a fragment names; the first view where it names none. */
export function placeOf(hash: string): { readonly view: View; readonly path: string } {
  const [, id, rest = ''] = /^#([^/]*)(?:\/(.*))?$/.exec(hash) ?? [];
  const view = VIEWS.find((each) => each.id === id) ?? VIEWS[0];
  return { view, path: textOf(rest) };
}

/** Whoever wrote the address may have left a `%` as it is. */
function textOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
