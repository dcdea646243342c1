import { UsageError } from '../failure.js';
import type { RunEnd } from './pipeline-run.js';

/** The longest that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface EndOptions {
  readonly untilEnd?: boolean;
  readonly close?: boolean;
  /** ms */
  readonly for?: number;
}

/** @throws UsageError where the options contradict each other, or `--for` is nothing or too long */
export function runEnd(options: EndOptions): RunEnd {
  const { untilEnd = false, close = false, for: ms } = options;
  if (close && !untilEnd) throw new UsageError('--close goes with --until-end: the windows of a live run close by themselves');
  if (ms === undefined) return untilEnd ? { when: 'drained', close } : { when: 'stopped' };
  if (untilEnd) throw new UsageError('--for and --until-end exclude each other');
  if (ms === 0 || ms > MAX_TIMER_MS) throw new UsageError('--for is at least 1ms and at most 24d');
  return { when: 'elapsed', ms };
}
