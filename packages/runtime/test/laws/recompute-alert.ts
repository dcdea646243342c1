/** Incidents from all rows of a key at once, millisecond by millisecond. */
import type { AlertTransform } from '@rta/dsl';
import type { Rows, StreamItem } from './recompute.js';

export function incidents(transform: AlertTransform, rows: Rows): Rows {
  const keys = new Map<string, StreamItem[]>();
  for (const item of rows.items) keys.set(String(item.row.dedup_key), [...(keys.get(String(item.row.dedup_key)) ?? []), item]);
  return { ...rows, items: [...keys.values()].flatMap((items) => lifeOf(transform, items, rows.watermark)) };
}

/** @param items of one key, in event-time order */
function lifeOf(
  { forMs, keepFiringMs, noDataMs, periodMs, shiftMs }: AlertTransform,
  items: readonly StreamItem[],
  end: number,
): StreamItem[] {
  const told: StreamItem[] = [];
  let last = items[0];
  /** The condition has held from here on. */
  let since: number | null = null;
  let opened: number | null = null;
  /** It did hold until here, and the incident is still open. */
  let quiet: number | null = null;
  let silent = false;
  const tell = (action: string, time: number): void => {
    const { dedup_key, key, row } = last.row;
    const times = { since: since! + shiftMs, opened_at: opened! + shiftMs, at: time + shiftMs };
    told.push({ row: { dedup_key, key, row, action, reason: silent ? 'noData' : 'when', ...times }, time, origin: null });
  };
  const open = (time: number): void => {
    opened = time;
    tell('trigger', time);
  };
  const close = (time: number): void => {
    tell('resolve', time);
    since = opened = quiet = null;
  };
  const fails = (time: number): void => {
    if (opened === null) since = null;
    else {
      silent = false;
      quiet ??= time;
      if (keepFiringMs === 0) close(time);
    }
  };
  let next = 0;
  for (let time = last.time; time < end; time++) {
    for (; next < items.length && items[next].time === time; next++) {
      last = items[next];
      if (last.row.when !== true) fails(time);
      else {
        since = silent ? time : (since ?? time);
        quiet = null;
        silent = false;
        if (opened === null && time - since >= forMs) open(time);
      }
    }
    if (noDataMs !== null && time - last.time === noDataMs) {
      silent = true;
      quiet = null;
      if (opened === null) {
        since = last.time;
        open(time);
      }
    }
    const isMissing = periodMs !== null && time - last.time === periodMs && since !== null && quiet === null && !silent;
    if (isMissing) fails(time);
    if (since !== null && opened === null && time - since >= forMs) open(time);
    if (quiet !== null && time - quiet >= keepFiringMs) close(time);
  }
  return told;
}
