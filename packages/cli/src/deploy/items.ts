/** What `rta plan` says of each thing that a deploy makes or changes. */

/**
 * - `create`: it is not there yet
 * - `update`: it is there and becomes another, without loss
 * - `unchanged`
 * - `rebuild`: its state begins anew beside the old one, from the start of the sources
 * - `breaking`: it cannot go; nothing is deployed
 */
export type Change = 'create' | 'update' | 'unchanged' | 'rebuild' | 'breaking';

/** What has to be allowed by an option of `rta deploy`. */
export type Allowance = 'rebuild' | 'destructive';

export interface DiffLine {
  readonly sign: '+' | '-' | '~' | ' ';
  readonly text: string;
}

export interface PlanItem {
  readonly kind: 'pipeline' | 'topic' | 'subject' | 'store' | 'group';
  readonly name: string;
  /** `sink`, `changelog`, `source`, …; for people. */
  readonly role: string;
  /** Those that it is for. */
  readonly pipelines: readonly string[];
  /** `file:line:column` of the sources or sinks that name it; none of what a pipeline makes for itself. */
  readonly places: readonly string[];
  readonly change: Change;
  /** Somebody else has changed it since it was deployed. */
  readonly drifted: boolean;
  /** Why, one sentence each. */
  readonly reasons: readonly string[];
  readonly diff: readonly DiffLine[];
  /** What stops nothing. */
  readonly warnings: readonly string[];
  /** Of what is breaking: the way that would be safe. */
  readonly advice: readonly string[];
  readonly needs: Allowance | null;
}

/** An item of which nothing is to be said yet. */
export function itemOf(
  kind: PlanItem['kind'],
  name: string,
  role: string,
  pipelines: readonly string[],
  more: Partial<PlanItem> = {},
): PlanItem {
  const nothing = {
    places: [],
    change: 'unchanged',
    drifted: false,
    reasons: [],
    diff: [],
    warnings: [],
    advice: [],
    needs: null,
  } as const;
  return { kind, name, role, pipelines, ...nothing, ...more };
}
