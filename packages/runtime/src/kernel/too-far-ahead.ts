import { showDuration } from '@rta/dsl';

/**
 * Why a record is refused whose event time is more than `maxAhead` ahead.
 *
 * @param time of the event; ms
 * @param than the broker's append time, or the greatest event time of the partition before it; ms
 */
export function tooFarAhead(time: number, than: number, appended: boolean, maxAheadMs: number): string {
  const what = appended ? "the broker's append time" : "the partition's greatest event time so far";
  return `the event time ${timeText(time)} is more than ${showDuration(maxAheadMs)} (maxAhead) ahead of ${what}, ${timeText(than)}`;
}

/** Times that no calendar has are shown as they are. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
