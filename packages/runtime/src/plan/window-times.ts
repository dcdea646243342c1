/** What follows from a window for times: how long its state and the watermark wait. */
import type { FoldTransform, WindowSpec } from '@rta/dsl';
import { isAligned } from './aligned-windows.js';
import { DAY_MS } from './zone-calendar.js';

/** How far a fold with this window holds back the watermark of those behind it, ms (SEMANTICS rule 7). */
export function holdOf(window: WindowSpec | null): number {
  switch (window?.kind) {
    case undefined:
      return 0;
    case 'hopping':
    case 'cumulate':
    case 'sliding':
      return window.graceMs;
    case 'session':
      // A record that is accepted may be a gap behind the watermark, and join a session that is another gap before it (rule 3).
      return 2 * window.gapMs + window.graceMs;
  }
}

/** How far the watermark must be past a record for its last window to close, ms. */
export function spanOf(window: WindowSpec): number {
  switch (window.kind) {
    case 'hopping':
    case 'cumulate':
      // A day on which clocks are set back is longer.
      return window.sizeMs + (window.zone === null ? 0 : DAY_MS) + window.graceMs;
    case 'session':
      return holdOf(window);
    case 'sliding':
      // It ends with its own event, and others of that time are not late yet when the watermark is there.
      return window.graceMs + 1;
  }
}

/**
 * Of folds that keep several stretches of events per group (with a ttl; sessions): events no further apart than this belong together, ms.
 * Null: there is one entry per group, and window.
 */
export function reachOf({ window, ttlMs }: FoldTransform): number | null {
  return window?.kind === 'session' ? window.gapMs : ttlMs;
}

/** Whether what is kept goes, and is final, when a window closes. */
export function closesWithWindow({ window, closes }: FoldTransform): boolean {
  return window !== null || closes !== undefined;
}

/** Whether keys in the state begin with the number of a window. */
export function hasWindowTables({ window, closes }: FoldTransform): boolean {
  return isAligned(window) || closes !== undefined;
}

/** An event is late for folds of that kind when the watermark is so far past it, ms; null: never. */
export function acceptanceOf({ window, ttlMs, ordered }: FoldTransform): number | null {
  // Older than the watermark: where rows are sorted, those before it are out.
  if (ordered === true) return 1;
  if (window?.kind === 'sliding') return spanOf(window);
  return window?.kind === 'session' ? window.gapMs + window.graceMs : ttlMs;
}

/** Whether the state says which rows of a session are out: with `emit: every` they are older than the state. */
export function keepsOut({ window, emit }: FoldTransform): boolean {
  return window?.kind === 'session' && emit.mode === 'every';
}
