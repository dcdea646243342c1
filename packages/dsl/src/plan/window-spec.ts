/** What happens to records that are too late for what they belong to. */
export type LatePolicy = { readonly policy: 'drop' } | { readonly policy: 'topic'; readonly topic: string };

/** The windows of a fold, by kind. A row belongs to no, one or several of them; each is `[window_start, window_end)`. */
export type WindowSpec = HoppingWindow | CumulateWindow | SessionWindow | SlidingWindow;

interface WindowBase {
  /** How long past the watermark a window stays open. */
  readonly graceMs: number;
  /** Overrides the pipeline's policy. */
  readonly late: LatePolicy | null;
}

/** Windows that times alone tell. */
interface AlignedWindow extends WindowBase {
  /**
   * Null: starts are multiples of a duration since the epoch. An IANA name: whole days go by that zone's calendar, weeks from Monday, and parts
   * of a day are counted from its beginning, the last one ending with the day.
   */
  readonly zone: string | null;
}

/** Windows of one size, a multiple of the advance, one beginning each `advanceMs`; tumbling has advance = size. */
export interface HoppingWindow extends AlignedWindow {
  readonly kind: 'hopping';
  readonly sizeMs: number;
  readonly advanceMs: number;
}

/** Windows that begin each `sizeMs` and end after one, two, … steps, up to the size. */
export interface CumulateWindow extends AlignedWindow {
  readonly kind: 'cumulate';
  readonly sizeMs: number;
  readonly stepMs: number;
}

/**
 * One per event: [its time - size, its time], both included, as `window_start` and `window_end` say. Its fold gives a stream, a row per event,
 * and has `emit` final.
 */
export interface SlidingWindow extends WindowBase {
  readonly kind: 'sliding';
  readonly sizeMs: number;
}

/** Stretches of events no more than `gapMs` apart, per group: from the first event to the last + gap. */
export interface SessionWindow extends WindowBase {
  readonly kind: 'session';
  readonly gapMs: number;
}
