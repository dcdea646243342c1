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

interface View {
  /** The fragment of its address: `#topology`. */
  readonly id: string;
  readonly title: string;
  /** The key that opens it; each has another, and `t` is taken. */
  readonly key: string;
  readonly show: (props: ViewProps) => JSX.Element;
}

export const VIEWS: readonly View[] = [
  { id: 'boards', title: 'Boards', key: '1', show: Boards },
  { id: 'topology', title: 'Topology', key: '2', show: Topology },
  { id: 'freshness', title: 'Freshness', key: '3', show: Freshness },
  { id: 'windows', title: 'Windows', key: '4', show: Windows },
  { id: 'analytics', title: 'Analytics', key: '5', show: Analytics },
  { id: 'alerts', title: 'Alerts', key: '6', show: Alerts },
  { id: 'letters', title: 'Late and refused', key: 'r', show: Letters },
  { id: 'lookup', title: 'State', key: 's', show: Lookup },
  { id: 'topics', title: 'Topics', key: 'o', show: Topics },
  { id: 'schemas', title: 'Schemas', key: 'c', show: Schemas },
  { id: 'deploys', title: 'Deploys', key: 'd', show: Deploys },
  { id: 'sql', title: 'SQL', key: 'q', show: Sql },
];

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
