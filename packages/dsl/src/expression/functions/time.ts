import { DATE, definite, INT, nullable, STRING, TIMESTAMP } from '../../types/lattice.js';
import type { Value } from '../../types/type.js';
import { dateOf, DAY_MS, parseDate, parseTimestamp } from '../calendar.js';
import * as civil from '../civil.js';
import type { Long } from '../long.js';
import { formatTime, parseTime, TIME_LETTERS, timePattern, type TimePattern } from '../time-pattern.js';
import { ExpressionError, type TypedExpr } from '../typed.js';
import { UTC, zoneNamed, zoneOf, type Zone } from '../zone.js';
import {
  defineFunction,
  mustBeLiteral,
  textLiteral,
  type FunctionSpec,
  type Overload,
  type PreparedFunction,
  type ResolutionProblem,
} from './spec.js';

function timestampOfText(text: string): number {
  const ms = parseTimestamp(text);
  if (ms === null) throw new ExpressionError('cast', `"${text}" is no time such as 2024-05-01T10:00:00Z`);
  return Math.floor(ms);
}

function dateOfText(text: string): number {
  const days = parseDate(text);
  if (days === null) throw new ExpressionError('cast', `"${text}" is no date such as 2024-05-01`);
  return days;
}

function timestampOfLong(ms: Long): number {
  return dateOf(Number(ms)).getTime();
}

// ---- Zones ----

/** A literal zone must be one. One from the record is an error of the record if it is none. */
function knownZone(index: number): (args: readonly TypedExpr[]) => ResolutionProblem | null {
  return (args) => {
    const name = textLiteral(args[index]);
    if (name === null || zoneNamed(name) !== null) return null;
    const help = /^[+-]/.test(name)
      ? 'a fixed offset is a duration: `time + 2h`'
      : 'zones have names such as "Europe/Prague", "America/New_York" or "UTC"';
    return { problem: 'literal', index, wanted: 'time zone', reason: 'there is none of that name', help };
  };
}

/** A function of a value and a zone, which is looked up once if it is a literal. */
function inZone(run: (x: number, zone: Zone) => Value): PreparedFunction {
  return {
    prepare: (_x: undefined, name: string | undefined) => {
      if (name === undefined) return (x: number, given: string) => run(x, zoneOf(given));
      const zone = zoneOf(name);
      return (x: number) => run(x, zone);
    },
  };
}

// ---- Parts ----

const MOMENT = 'timestamp("2024-05-01T10:20:30Z")';

/** A part of a day, of a date or of a timestamp. */
function dayPart(name: string, summary: string, doc: string, value: number, run: (days: number) => number): FunctionSpec {
  const ofLocal = (ms: number, zone: Zone): number => run(civil.dayOf(civil.localTime(ms, zone)));
  return defineFunction(
    {
      name,
      signature: `${name}(time[, zone])`,
      summary,
      doc: `Of a timestamp or a date; in UTC if no zone is named. ${doc}`.trim(),
      examples: [
        { expression: `${name}(${MOMENT})`, value },
        { expression: `${name}(date("2024-05-01"))`, value },
        { expression: `${name}(timestamp("2024-04-30T22:00:00Z"), "Europe/Prague")`, value },
      ],
    },
    [
      { params: ['timestamp'], returns: INT, run: (ms: number) => ofLocal(ms, UTC) },
      { params: ['date'], returns: INT, fn: `${name}_date`, run },
      { params: ['timestamp', 'text'], check: knownZone(1), returns: INT, fn: `${name}_zone`, run: inZone(ofLocal) },
    ],
  );
}

/** A part of the time of day. */
function clockPart(name: string, summary: string, values: readonly [number, number], unit: number, count: number): FunctionSpec {
  const ofLocal = (ms: number, zone: Zone): number => Math.floor(civil.timeOfDay(civil.localTime(ms, zone)) / unit) % count;
  return defineFunction(
    {
      name,
      signature: `${name}(timestamp[, zone])`,
      summary,
      doc: 'In UTC if no zone is named.',
      examples: [
        { expression: `${name}(${MOMENT})`, value: values[0] },
        { expression: `${name}(${MOMENT}, "Asia/Kolkata")`, value: values[1] },
      ],
    },
    [
      { params: ['timestamp'], returns: INT, run: (ms: number) => ofLocal(ms, UTC) },
      { params: ['timestamp', 'text'], check: knownZone(1), returns: INT, fn: `${name}_zone`, run: inZone(ofLocal) },
    ],
  );
}

// ---- Truncation ----

/** The first day of what a day is in. */
const FIRST_DAY: Readonly<Record<string, (days: number) => number>> = {
  day: (days) => days,
  week: (days) => days - civil.dayOfWeek(days) + 1,
  month: (days) => days - civil.dayOfMonth(days) + 1,
  quarter: (days) => civil.daysOf(civil.yearOf(days), civil.quarterOf(days) * 3 - 2, 1),
  year: (days) => civil.daysOf(civil.yearOf(days), 1, 1),
};
const CLOCK_UNITS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };

function literalUnit(units: readonly string[]): (args: readonly TypedExpr[]) => ResolutionProblem | null {
  const listed = units.map((unit) => `"${unit}"`).join(', ');
  return (args) => {
    const unit = textLiteral(args[1]);
    if (unit === null) return mustBeLiteral(1, 'unit', `units are ${listed}`);
    if (units.includes(unit)) return args.length > 2 ? knownZone(2)(args) : null;
    return { problem: 'literal', index: 1, wanted: 'unit', reason: `units are ${listed}` };
  };
}

const DATE_UNITS = Object.keys(FIRST_DAY);
const UNITS = [...Object.keys(CLOCK_UNITS), ...DATE_UNITS];

function truncation(unit: string): (ms: number, zone: Zone) => number {
  if (Object.hasOwn(CLOCK_UNITS, unit)) {
    const size = CLOCK_UNITS[unit];
    // Counted back from the time itself, so an hour that comes twice has two beginnings.
    return (ms, zone) => {
      const local = civil.localTime(ms, zone);
      return Math.floor(ms) - (local - Math.floor(local / size) * size);
    };
  }
  const firstDay = FIRST_DAY[unit];
  return (ms, zone) => zone.instantOf(firstDay(civil.dayOf(civil.localTime(ms, zone))) * DAY_MS);
}

function truncateTo(ms: number, size: number): number {
  if (size < 1) throw new ExpressionError('domain', 'a time is truncated to 1ms or more');
  return Math.floor(ms / size) * size;
}

const truncate = defineFunction(
  {
    name: 'truncate',
    signature: 'truncate(time, unit[, zone])',
    summary: 'the beginning of the second, minute, hour, day, week, month, quarter or year that a time is in',
    doc: 'The unit is a literal, or a duration, whose multiples are counted from 1970 in UTC. Weeks begin on Monday. In UTC if no zone is named. Of a date there is a date.',
    examples: [
      { expression: `string(truncate(${MOMENT}, "hour"))`, value: '2024-05-01T10:00:00.000Z' },
      { expression: `string(truncate(${MOMENT}, 15m))`, value: '2024-05-01T10:15:00.000Z' },
      { expression: `string(truncate(${MOMENT}, "month", "America/New_York"))`, value: '2024-05-01T04:00:00.000Z' },
      { expression: 'string(truncate(date("2024-05-01"), "week"))', value: '2024-04-29' },
    ],
  },
  [
    { params: ['timestamp', 'duration'], returns: TIMESTAMP, fn: 'truncate_duration', run: truncateTo },
    {
      params: ['timestamp', 'text', 'text'],
      optional: 1,
      check: literalUnit(UNITS),
      returns: TIMESTAMP,
      run: {
        prepare: (_ms: undefined, unit: string, name?: string) => {
          const begin = truncation(unit);
          const zone = name === undefined ? undefined : zoneOf(name);
          return (ms: number, _unit: string, given?: string) => begin(ms, zone ?? (given === undefined ? UTC : zoneOf(given)));
        },
      },
    },
    {
      params: ['date', 'text'],
      check: literalUnit(DATE_UNITS),
      returns: DATE,
      fn: 'truncate_date',
      run: { prepare: (_days: undefined, unit: string) => FIRST_DAY[unit] },
    },
  ],
);

// ---- Patterns ----

const PATTERN_DOC = `The pattern is a literal of ${TIME_LETTERS}; other letters stand in '…'.`;

function literalPattern(args: readonly TypedExpr[]): ResolutionProblem | null {
  const text = textLiteral(args[1]);
  if (text === null) return mustBeLiteral(1, 'pattern');
  const pattern = timePattern(text);
  if ('wrong' in pattern) {
    const reason = `\`${pattern.wrong}\` means nothing in it`;
    return { problem: 'literal', index: 1, wanted: 'time pattern', reason, help: `it has ${TIME_LETTERS}, and other letters in '…'` };
  }
  return args.length > 2 ? knownZone(2)(args) : null;
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the type of `x` is that of the input
function byPattern<X>(
  returns: Overload['returns'],
  input: 'timestamp' | 'text',
  run: (x: X, pattern: TimePattern, zone: Zone) => Value,
): Overload {
  return {
    params: [input, 'text', 'text'],
    optional: 1,
    check: literalPattern,
    returns,
    run: {
      prepare: (_x: undefined, text: string, name?: string) => {
        const pattern = timePattern(text) as TimePattern;
        const zone = name === undefined ? undefined : zoneOf(name);
        return (x: X, _pattern: string, given?: string) => run(x, pattern, zone ?? (given === undefined ? UTC : zoneOf(given)));
      },
    },
  };
}

// ---- Arithmetic of the calendar ----

/** Days of JavaScript's calendar on each side of 1970. */
const MAX_DAYS = 100_000_000;

/** The same time of day, so many days or months away. */
function moved(ms: number, zone: Zone, move: (days: number) => number): number {
  const local = civil.localTime(ms, zone);
  return zone.instantOf(move(civil.dayOf(local)) * DAY_MS + civil.timeOfDay(local));
}

function calendarStep(
  name: string,
  unit: string,
  examples: FunctionSpec['examples'],
  doc: string,
  move: (days: number, count: number) => number,
): FunctionSpec {
  const step = (days: number, count: Long): number => {
    const day = count >= -MAX_DAYS && count <= MAX_DAYS ? move(days, Number(count)) : Number.NaN;
    if (Math.abs(day) <= MAX_DAYS) return day;
    throw new ExpressionError('domain', `${count} ${unit} later there is no calendar`);
  };
  return defineFunction(
    { name, signature: `${name}(time, count[, zone])`, summary: `the time, or the date, so many ${unit} later`, doc, examples },
    [
      {
        params: ['timestamp', 'long', 'text'],
        optional: 1,
        check: (args) => (args.length > 2 ? knownZone(2)(args) : null),
        returns: TIMESTAMP,
        run: (ms: number, count: Long, zone?: string) => moved(ms, zone === undefined ? UTC : zoneOf(zone), (days) => step(days, count)),
      },
      { params: ['date', 'long'], returns: DATE, fn: `${name}_date`, run: (days: number, count: Long) => step(days, count) },
    ],
  );
}

export const timeFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'timestamp',
      signature: 'timestamp(x)',
      summary: 'a time from a text (ISO 8601), from milliseconds since 1970, or from a date',
      doc: 'A text without a zone is in UTC. A text that is no time is an error of the record. Seconds since 1970 are `timestamp(seconds * 1000)`.',
      examples: [
        { expression: 'timestamp("1970-01-02")', value: 86_400_000 },
        { expression: 'timestamp("1970-01-01T01:00:00+01:00")', value: 0 },
        { expression: 'timestamp(1000)', value: 1000 },
      ],
    },
    [
      { params: ['text'], returns: TIMESTAMP, run: timestampOfText },
      { params: ['long'], returns: TIMESTAMP, fn: 'timestamp_long', run: timestampOfLong },
      { params: ['date'], returns: TIMESTAMP, fn: 'timestamp_date', run: (days: number) => days * DAY_MS },
      { params: ['timestamp'], returns: ([arg]) => definite(arg.type), fn: 'timestamp_timestamp', run: (ms: number) => ms },
    ],
  ),
  defineFunction(
    {
      name: 'date',
      signature: 'date(x[, zone])',
      summary: 'the day of a timestamp, or of a text such as 2024-05-01',
      doc: 'In UTC if no zone is named.',
      examples: [
        { expression: 'date(timestamp("1970-01-02T23:59:59Z"))', value: 1 },
        { expression: 'string(date("2024-02-29"))', value: '2024-02-29' },
        { expression: 'string(date(timestamp("2024-02-29T20:00:00Z"), "Asia/Tokyo"))', value: '2024-03-01' },
      ],
    },
    [
      { params: ['timestamp'], returns: DATE, run: (ms: number) => Math.floor(ms / DAY_MS) },
      { params: ['text'], returns: DATE, fn: 'date_text', run: dateOfText },
      {
        params: ['timestamp', 'text'],
        check: knownZone(1),
        returns: DATE,
        fn: 'date_zone',
        run: inZone((ms, zone) => civil.dayOf(civil.localTime(ms, zone))),
      },
    ],
  ),
  dayPart('year', 'the year of a time', '', 2024, civil.yearOf),
  dayPart('quarter', 'the quarter of a time, 1 to 4', '', 2, civil.quarterOf),
  dayPart('month', 'the month of a time, 1 to 12', '', 5, civil.monthOf),
  dayPart(
    'week',
    'the week of a time, 1 to 53',
    'As ISO 8601 counts: the first week has the first Thursday of the year.',
    18,
    civil.weekOf,
  ),
  dayPart('day', 'the day of the month of a time, 1 to 31', '', 1, civil.dayOfMonth),
  dayPart('dayOfWeek', 'the day of the week of a time, from 1 (Monday) to 7', '', 3, civil.dayOfWeek),
  dayPart('dayOfYear', 'the day of the year of a time, 1 to 366', '', 122, civil.dayOfYear),
  clockPart('hour', 'the hour of a timestamp, 0 to 23', [10, 15], 3_600_000, 24),
  clockPart('minute', 'the minute of a timestamp, 0 to 59', [20, 50], 60_000, 60),
  clockPart('second', 'the second of a timestamp, 0 to 59', [30, 30], 1000, 60),
  truncate,
  calendarStep(
    'addDays',
    'days',
    [
      { expression: 'string(addDays(date("2024-02-28"), 2))', value: '2024-03-01' },
      { expression: 'string(addDays(timestamp("2024-03-30T11:00:00Z"), 1, "Europe/Prague"))', value: '2024-03-31T10:00:00.000Z' },
    ],
    'The time of day stays, as clocks of the zone show it (UTC if none is named); `time + 1d` is 24 hours later.',
    (days, count) => days + count,
  ),
  calendarStep(
    'addMonths',
    'months',
    [{ expression: 'string(addMonths(date("2024-01-31"), 1))', value: '2024-02-29' }],
    'The last day of the month where it has no such day. The time of day stays, as clocks of the zone show it (UTC if none is named).',
    civil.addMonths,
  ),
  defineFunction(
    {
      name: 'daysBetween',
      signature: 'daysBetween(from, to)',
      summary: 'how many days one date is after another',
      doc: 'Negative if it is before it. Of timestamps the difference is `to - from`, a duration.',
      examples: [{ expression: 'daysBetween(date("2024-02-28"), date("2024-03-01"))', value: 2 }],
    },
    [{ params: ['date', 'date'], returns: INT, run: (from: number, to: number) => to - from }],
  ),
  defineFunction(
    {
      name: 'formatTime',
      signature: 'formatTime(timestamp, pattern[, zone])',
      summary: 'a timestamp as text',
      doc: `In UTC if no zone is named. ${PATTERN_DOC}`,
      examples: [
        { expression: `formatTime(${MOMENT}, "dd.MM.yyyy HH:mm")`, value: '01.05.2024 10:20' },
        { expression: `formatTime(${MOMENT}, "EEE d MMM, h:mm a XXX", "America/New_York")`, value: 'Wed 1 May, 6:20 AM -04:00' },
      ],
    },
    [byPattern(STRING, 'timestamp', formatTime)],
  ),
  defineFunction(
    {
      name: 'parseTime',
      signature: 'parseTime(text, pattern[, zone])',
      summary: 'the timestamp that a text says by a pattern',
      doc: `Null if the text does not fit. In UTC if neither the text nor the call names a zone. ${PATTERN_DOC}`,
      examples: [
        { expression: 'string(parseTime("01/May/2024 10:20:30", "dd/MMM/yyyy HH:mm:ss"))', value: '2024-05-01T10:20:30.000Z' },
        { expression: 'string(parseTime("1.5.2024 10:20", "d.M.yyyy HH:mm", "Europe/Prague"))', value: '2024-05-01T08:20:00.000Z' },
        { expression: 'parseTime("31.2.2024", "d.M.yyyy")', value: null },
      ],
    },
    [byPattern(nullable(TIMESTAMP), 'text', parseTime)],
  ),
];
