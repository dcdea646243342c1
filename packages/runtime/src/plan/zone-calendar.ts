/** Days as the clocks of a time zone have them: of 23 to 25 hours where daylight saving begins or ends. */

export const DAY_MS = 86_400_000;
/** Beyond these times (ms; years 1 and 275,760) no calendar goes: a zone's offset is taken to stay as it is there. */
const FIRST_TIME = -62_135_596_800_000;
const LAST_TIME = 8_640_000_000_000_000 - 2 * DAY_MS;
/** No zone is further from UTC, nor moves by more at once. */
const MAX_OFFSET = DAY_MS + 4 * 3_600_000;
const MAX_KNOWN_DAYS = 10_000;
const NEAR_DAYS = 100;

/** Some time from `start` on and before `end`, ms. */
export interface Tile {
  readonly start: number;
  readonly end: number;
}

export class ZoneCalendar {
  private readonly format: Intl.DateTimeFormat;
  /** First ms of local days, by their number. */
  private readonly starts = new Map<number, number>();
  private current: Tile & { readonly day: number } = { day: NaN, start: NaN, end: NaN };

  /** @param zone IANA name; the rules are those of the ICU that this Node has. Throws RangeError where it is none. */
  constructor(zone: string) {
    const numeric = 'numeric';
    this.format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
    });
  }

  /** The local day of a time (ms): its number since 1970-01-01, its first ms and the first ms after it. */
  dayOf(time: number): Tile & { readonly day: number } {
    const { current } = this;
    if (time >= current.start && time < current.end) return current;
    // Days that are near are counted from the one before: asking for the offset takes microseconds.
    const away = Math.floor((time - current.start) / DAY_MS);
    let day = Math.abs(away) <= NEAR_DAYS ? current.day + away : Math.floor((time + this.offsetAt(time)) / DAY_MS);
    while (this.startOf(day) > time) day--;
    while (this.startOf(day + 1) <= time) day++;
    this.current = { day, start: this.startOf(day), end: this.startOf(day + 1) };
    return this.current;
  }

  /** First ms of the local day of that number; that of the next day, where the zone left it out. */
  startOf(day: number): number {
    let start = this.starts.get(day);
    if (start === undefined) {
      if (this.starts.size >= MAX_KNOWN_DAYS) this.starts.clear();
      start = this.find(day * DAY_MS);
      this.starts.set(day, start);
    }
    return start;
  }

  /** The first time at which clocks show `local` (ms, as if it were UTC) or later. */
  private find(local: number): number {
    const likely = local - this.offsetAt(local - this.offsetAt(local));
    if (likely + this.offsetAt(likely) === local && this.offsetAt(likely - 1) === this.offsetAt(likely)) return likely;
    // Midnight is near a change, or is not there.
    let [before, after] = [local - MAX_OFFSET, local + MAX_OFFSET];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (middle + this.offsetAt(middle) >= local) after = middle;
      else before = middle;
    }
    return after;
  }

  /** How far local clocks are ahead of UTC, ms. */
  private offsetAt(time: number): number {
    const second = Math.floor(Math.min(LAST_TIME, Math.max(FIRST_TIME, time)) / 1000) * 1000;
    const fields = new Map(this.format.formatToParts(second).map(({ type, value }) => [type, Number(value)]));
    const field = (name: Intl.DateTimeFormatPartTypes): number => fields.get(name)!;
    const date = new Date(0);
    date.setUTCFullYear(field('year'), field('month') - 1, field('day'));
    date.setUTCHours(field('hour'), field('minute'), field('second'));
    return date.getTime() - second;
  }
}
