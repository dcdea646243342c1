import type { AlertAst } from '../ast/ast.js';
import type { MetricsAlert } from '../plan/alert.js';
import type { Column } from '../plan/plan.js';
import { DURATION, LONG, nullable } from '../types/lattice.js';
import { checkConditionOver } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

/** What `from` says where an alert judges what is measured of the pipeline. */
const METRICS = '$metrics';

/**
 * What a process measures of a pipeline: records that are not read yet; from an event's time to when its results are there (of the latest
 * batches; null before the first); the clock against the least watermark; late and failed records since the start.
 */
const COLUMNS: readonly Column[] = [
  { name: 'lag', type: LONG },
  { name: 'latency_p50', type: nullable(DURATION) },
  { name: 'latency_p99', type: nullable(DURATION) },
  { name: 'watermark_delay', type: nullable(DURATION) },
  { name: 'late', type: LONG },
  { name: 'rejected', type: LONG },
];

const FLOW: Flow = {
  id: METRICS,
  relation: { kind: 'stream', columns: COLUMNS, key: null, windowed: false },
  meta: {},
  unsupported: [],
  missing: new Set(),
  nullsUnknown: false,
  leftBehind: new Set(),
  periodic: false,
};

export function isOnMetrics({ from }: AlertAst): boolean {
  return from?.value === METRICS;
}

/** Checks an alert on what is measured; null with reports. */
export function checkMetricsAlert({ name, when: node, forMs, keepFiringMs, noDataMs }: AlertAst, session: Session): MetricsAlert | null {
  if (noDataMs !== null) session.report(messages.noDataOfMetrics(noDataMs.span, name));
  if (node === null) return null;
  const when = checkConditionOver(FLOW, node, '`when`', session);
  if (when === null) return null;
  return { name, when, forMs: forMs?.value ?? 0, keepFiringMs: keepFiringMs?.value ?? 0 };
}
