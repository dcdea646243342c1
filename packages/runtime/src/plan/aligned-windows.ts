/**
 * Windows that times alone tell, whoever the group: hopping and cumulating ones, in UTC or a time zone. Each is known by a number of its own:
 * its start, or, where windows share it, its end (ms).
 */
import type { CumulateWindow, HoppingWindow, WindowSpec } from '@rta/dsl';
import { DAY_MS, type Tile, ZoneCalendar } from './zone-calendar.js';

export interface AlignedWindows {
  /** The window that `time` is in and that ends first. */
  first(time: number): number;
  /** The one after window `id` that `time` is in; NaN: there is none. */
  next(id: number, time: number): number;
  startOf(id: number): number;
  endOf(id: number): number;
  /** The piece between two bounds of windows that `time` is in. The first window that it is in ends with it. */
  pane(time: number): Tile;
  /** About as far as the numbers of neighbours are from each other. */
  readonly spacing: number;
}

/** Cuts all of time into pieces: the one that a time is in. */
type Tiling = (time: number) => Tile;

/** Whether windows are told by times alone. */
export function isAligned(window: WindowSpec | null): window is HoppingWindow | CumulateWindow {
  return window?.kind === 'hopping' || window?.kind === 'cumulate';
}

/**
 * Windows that rows come from: each is known by its end, which the rows say. Where it begins is not known here, and no time alone tells which of
 * them it is in.
 */
export const GIVEN_WINDOWS: Pick<AlignedWindows, 'startOf' | 'endOf' | 'spacing'> = {
  startOf: () => NaN,
  endOf: (id) => id,
  spacing: 1000,
};

export function alignedWindows(window: HoppingWindow | CumulateWindow): AlignedWindows {
  const calendar = window.zone === null ? null : new ZoneCalendar(window.zone);
  const tiling = (sizeMs: number): Tiling => (calendar === null ? utcTiling(sizeMs) : zoneTiling(calendar, sizeMs));
  if (window.kind === 'cumulate') return new Cumulating(tiling(window.sizeMs), tiling(window.stepMs), window.stepMs);
  const { sizeMs, advanceMs } = window;
  return calendar === null
    ? new Hopping(sizeMs, advanceMs, tiling(advanceMs))
    : new TiledHopping(tiling(advanceMs), sizeMs / advanceMs, advanceMs);
}

function utcTiling(sizeMs: number): Tiling {
  return remembering((time) => {
    const start = Math.floor(time / sizeMs) * sizeMs;
    return { start, end: start + sizeMs };
  });
}

/** The piece of the time before is the likely one. */
function remembering(find: Tiling): Tiling {
  let known: Tile = { start: NaN, end: NaN };
  return (time) => {
    if (!(time >= known.start && time < known.end)) known = find(time);
    return known;
  };
}

/** 1970-01-05, a Monday: days are counted from it, so that weeks begin on Monday. */
const FIRST_MONDAY = 4;

/**
 * Whole days go by the calendar, whatever their hours. Parts of a day are counted from its first ms, each of its full length; the last ends
 * with the day.
 */
function zoneTiling(calendar: ZoneCalendar, sizeMs: number): Tiling {
  return remembering((time) => {
    const { day, start, end } = calendar.dayOf(time);
    if (sizeMs < DAY_MS) {
      const from = start + Math.floor((time - start) / sizeMs) * sizeMs;
      return { start: from, end: Math.min(from + sizeMs, end) };
    }
    const days = sizeMs / DAY_MS;
    const first = Math.floor((day - FIRST_MONDAY) / days) * days + FIRST_MONDAY;
    return { start: calendar.startOf(first), end: calendar.startOf(first + days) };
  });
}

/** In UTC. */
class Hopping implements AlignedWindows {
  constructor(
    private readonly sizeMs: number,
    readonly spacing: number,
    readonly pane: Tiling,
  ) {}

  first(time: number): number {
    return Math.floor((time - this.sizeMs) / this.spacing) * this.spacing + this.spacing;
  }

  next(id: number, time: number): number {
    return id + this.spacing > time ? NaN : id + this.spacing;
  }

  startOf(id: number): number {
    return id;
  }

  endOf(id: number): number {
    return id + this.sizeMs;
  }
}

const MAX_ENDS = 10_000;

/** Windows of `count` tiles, one beginning with each tile. */
class TiledHopping implements AlignedWindows {
  private readonly ends = new Map<number, number>();

  constructor(
    readonly pane: Tiling,
    private readonly count: number,
    readonly spacing: number,
  ) {}

  first(time: number): number {
    let { start } = this.pane(time);
    for (let i = 1; i < this.count; i++) start = this.pane(start - 1).start;
    return start;
  }

  next(id: number, time: number): number {
    const { end } = this.pane(id);
    return end > time ? NaN : end;
  }

  startOf(id: number): number {
    return id;
  }

  endOf(id: number): number {
    let end = this.ends.get(id);
    if (end === undefined) {
      end = id;
      for (let i = 0; i < this.count; i++) end = this.pane(end).end;
      if (this.ends.size >= MAX_ENDS) this.ends.clear();
      this.ends.set(id, end);
    }
    return end;
  }
}

/** From the start of each outer tile windows to the end of each of its inner tiles. Known by their end. */
class Cumulating implements AlignedWindows {
  constructor(
    private readonly outer: Tiling,
    readonly pane: Tiling,
    readonly spacing: number,
  ) {}

  first(time: number): number {
    return this.pane(time).end;
  }

  next(id: number, time: number): number {
    return id >= this.outer(time).end ? NaN : this.pane(id).end;
  }

  startOf(id: number): number {
    return this.outer(id - 1).start;
  }

  endOf(id: number): number {
    return id;
  }
}
