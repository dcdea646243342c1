/** Milliseconds of each unit, greatest first: the order in which a literal names them. */
const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** What a duration looks like, for messages. */
export const DURATION_FORM = '`90s`, `5m`, `1h30m`, `10ms` or `1d`';

/**
 * Milliseconds of a duration literal (`5m`, `90s`, `1h30m`, `10ms`, `1d`): whole numbers, units from the greatest to the least, none
 * twice. Null if the text is not one, or is beyond the safe integers.
 */
export function parseDuration(text: string): number | null {
  if (!/^(\d+(d|h|ms|m|s))+$/.test(text)) return null;
  let total = 0;
  let last = -1;
  for (const [, digits, unit] of text.matchAll(/(\d+)(d|h|ms|m|s)/g)) {
    const position = UNITS.findIndex(([name]) => name === unit);
    if (position <= last) return null;
    last = position;
    total += Number(digits) * UNITS[position][1];
  }
  return Number.isSafeInteger(total) ? total : null;
}

/** The shortest literal of a duration in whole milliseconds, `-` in front of a negative one: 5400000 → `1h30m`. */
export function showDuration(ms: number): string {
  if (ms < 0) return `-${showDuration(-ms)}`;
  let rest = ms;
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || '0s';
}
