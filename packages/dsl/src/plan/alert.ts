/** Alerts as a plan has them. */
import type { TypedExpr } from '../expression/typed.js';

/**
 * The life of incidents, per `dedup_key`: rows come in event-time order and are judged; what opens an incident and what ends it goes out, each
 * as a row of `INCIDENT_COLUMNS` at the event time at which it happens. All times are event time, so that a replay gives the same incidents.
 *
 * ```
 *            when              `forMs` later                  not when
 * inactive ────────▶ pending ─────────────────▶ firing ──────────────────▶ keeping ──┐
 *    ▲                  │ not when         ▲ trigger ▲         when           │      │ for `keepFiringMs`
 *    ├──────────────────┘                  │         └────────────────────────┘      │
 *    │                                     └── no row for `noDataMs`, from anywhere  │
 *    └───────────────────────────────────────────────────────────────────────────────┘ resolve
 * ```
 *
 * Where rows are results of windows that end `periodMs` apart, a window that has no row counts as one in which `when` is false.
 */
export interface AlertTransform {
  readonly type: 'alert';
  /** ms that `when` must hold before an incident is opened; 0: none. */
  readonly forMs: number;
  /** ms that an incident stays open after `when` held for the last time; 0: none. */
  readonly keepFiringMs: number;
  /** ms without a row after which an incident is opened; null: never. */
  readonly noDataMs: number | null;
  readonly periodMs: number | null;
  /** How much later than the row's own time things happen, ms: 1 where it is the last millisecond of a window, whose end is meant; else 0. */
  readonly shiftMs: number;
}

/** What an alert's input has: columns of these names, all of them never null. */
export const JUDGED_COLUMNS = ['dedup_key', 'key', 'when', 'row'] as const;

/** What it gives; `action`: `trigger` or `resolve`, `reason`: `when` or `noData`. */
export const INCIDENT_COLUMNS = ['dedup_key', 'action', 'reason', 'key', 'since', 'opened_at', 'at', 'row'] as const;

/** An alert on what a process measures of the pipeline (`from: $metrics`), judged each second by the wall clock. */
export interface MetricsAlert {
  readonly name: string;
  /** Over the columns of `$metrics`; boolean, never null. */
  readonly when: TypedExpr;
  readonly forMs: number;
  readonly keepFiringMs: number;
}

/** An alert of a pipeline: the rest of it is among the steps. */
export interface Alert {
  readonly name: string;
  /** The targets in rta.yaml. */
  readonly notify: readonly string[];
}
