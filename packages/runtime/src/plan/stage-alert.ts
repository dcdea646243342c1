import { type AlertTransform, INCIDENT_COLUMNS, type Relation, type StepNode, type Type } from '@rta/dsl';
import type { StageNode } from './physical.js';
import type { Place } from './place.js';
import type { StageBuilder } from './stage-builder.js';

const TIMES: readonly string[] = ['since', 'opened_at', 'at'];

/** Incidents are found where the rows of a key were sorted. */
export function stageAlert(builder: StageBuilder, place: Place, step: StepNode, transform: AlertTransform): Place {
  const typeOf = (name: string): Type => (TIMES.includes(name) ? { kind: 'timestamp', unit: 'millis' } : { kind: 'string' });
  const columns = INCIDENT_COLUMNS.map((name) => ({ name, type: typeOf(name) }));
  const relation: Relation = { kind: 'stream', columns, key: ['dedup_key'], windowed: false };
  const store = place.stage.stores.length;
  place.stage.stores.push({ kind: 'alert', node: place.stage.nodes.length });
  const node: StageNode = { op: 'alert', transform, store, ...builder.base(place, step, relation) };
  return builder.add(place, node, relation, null);
}
