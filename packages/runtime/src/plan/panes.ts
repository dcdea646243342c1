/**
 * Panes: the pieces of time between the bounds of windows. A window is a run of them, so what a record gives is folded into one pane instead
 * of each of the windows that overlap there (Li et al., "No Pane, No Gain", SIGMOD Record 2005).
 *
 * A pane has only records that are late for none of its windows; a record that is late for some goes to accumulators of each of the others (SEMANTICS
 * rule 5). So nothing comes to a pane any more when its first window, which ends with it, has closed.
 *
 * Both have numbers of one kind: twice the start of a pane, and one more than twice the number of a window.
 */
import type { FoldTransform } from '@rta/dsl';
import { type AlignedWindows, isAligned } from './aligned-windows.js';

export function idOfPane(start: number): number {
  return start * 2;
}

export function idOfWindow(window: number): number {
  return window * 2 + 1;
}

/** The start of a pane, or NaN for the number of a window. */
export function paneStart(id: number): number {
  return id % 2 === 0 ? id / 2 : NaN;
}

/** The window of that number, which is no pane's. */
export function windowOf(id: number): number {
  return (id - 1) / 2;
}

/** Panes and windows, by these numbers. A pane ends, at first, with the first window that it is in. */
export function panesOf(windows: AlignedWindows): Pick<AlignedWindows, 'startOf' | 'endOf' | 'spacing'> {
  return {
    startOf: (id) => (id % 2 === 0 ? id / 2 : windows.startOf(windowOf(id))),
    endOf: (id) => (id % 2 === 0 ? windows.pane(id / 2).end : windows.endOf(windowOf(id))),
    spacing: windows.spacing * 2,
  };
}

/** Whether a fold's windows overlap, and are only looked at when they close. */
export function hasPanes(fold: FoldTransform): boolean {
  return fold.emit.mode === 'final' && overlaps(fold);
}

/** Whether a fold's windows overlap, and are looked at from time to time: between these what comes is gathered by pane. */
export function gathersPanes(fold: FoldTransform): boolean {
  return fold.emit.mode === 'every' && overlaps(fold);
}

function overlaps({ window }: FoldTransform): boolean {
  if (!isAligned(window)) return false;
  if (window.kind === 'cumulate') return window.stepMs < window.sizeMs;
  return window.advanceMs < window.sizeMs && window.sizeMs % window.advanceMs === 0;
}
