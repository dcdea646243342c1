import type { Scope } from '../expression/scope.js';
import type { Relation } from '../plan/plan.js';

/** The state of a stream between two steps: what the checker knows of the rows there. */
export interface Flow {
  /** The id of the source or step that gives the rows. */
  readonly id: string;
  readonly relation: Relation;
  readonly meta: Scope['meta'];
  readonly unsupported: NonNullable<Scope['unsupported']>;
  /** Columns that reported errors took away: what names them is not reported again. */
  readonly missing: ReadonlySet<string>;
  /** A condition failed to check, so that columns may be without nulls that seem to have them. */
  readonly nullsUnknown: boolean;
  /** Rows are results of closed windows that begin so far apart, ms; left out where they are not. */
  readonly spacingMs?: number;
  /** Columns that were there before the last aggregate. */
  readonly leftBehind: ReadonlySet<string>;
  /** A table whose rows are given periodically (`emit: every`), not as they change. */
  readonly periodic: boolean;
}

/** The scope of expressions over a flow's rows. */
export function scopeOf(flow: Flow): Scope {
  return { columns: flow.relation.columns, meta: flow.meta, unsupported: flow.unsupported };
}
