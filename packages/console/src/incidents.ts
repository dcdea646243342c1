/** What `/console/ask/incidents` answers: the incidents that the topics of alerts tell of, the newest first. Times are ms since the epoch. */
export interface IncidentsAnswer {
  readonly asOf: number;
  readonly incidents: readonly IncidentFacts[];
  /** Targets, and alerts, of each pipeline that has some. */
  readonly pipelines: readonly { readonly pipeline: string; readonly topic: string; readonly alerts: readonly string[] }[];
}

export interface IncidentFacts {
  readonly pipeline: string;
  readonly alert: string;
  /** The columns of the key: `city brno`. */
  readonly key: string;
  readonly dedupKey: string;
  /** Why it was opened: its condition held, or there were no rows. */
  readonly reason: 'when' | 'noData';
  /** Event times: from when on the condition held, when it was opened, and when it ended; null: it is open. */
  readonly since: number;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** The row that was judged last, JSON. */
  readonly row: string;
  /** Who was told of what. */
  readonly told: readonly Telling[];
}

export interface Telling {
  readonly target: string;
  readonly action: 'trigger' | 'resolve';
  /** `done`: this process does not know more than that it is done with; `waiting`: it is still to be told; `nobody`: this process tells that target nothing. */
  readonly result: 'delivered' | 'refused' | 'given-up' | 'done' | 'waiting' | 'nobody';
  /** When, by the clock; null: not known. */
  readonly at: number | null;
  /** What the target said in place of taking it. */
  readonly why: string | null;
}
