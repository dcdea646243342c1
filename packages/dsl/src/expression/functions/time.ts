import { dateOf, DAY_MS, formatTime, parseDate, parseTimestamp, wrongPattern } from '../calendar.js';
import type { Long } from '../long.js';
import { ExpressionError, type TypedExpr } from '../typed.js';
import { DATE, definite, INT, STRING, TIMESTAMP } from '../../types/lattice.js';
import { defineFunction, mustBeLiteral, type FunctionSpec, type ResolutionProblem } from './spec.js';

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

function literalPattern([, pattern]: readonly TypedExpr[]): ResolutionProblem | null {
  if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') return mustBeLiteral(1, 'pattern');
  const wrong = wrongPattern(pattern.value);
  if (wrong === null) return null;
  return mustBeLiteral(1, 'pattern', `\`${wrong}\` means nothing in it: it has yyyy, MM, dd, HH, mm, ss, SSS, and other letters in '…'`);
}

/** A part of a timestamp's time in UTC. */
function part(name: string, summary: string, doc: string, value: number, run: (date: Date) => number): FunctionSpec {
  return defineFunction(
    {
      name,
      signature: `${name}(timestamp)`,
      summary,
      doc,
      examples: [{ expression: `${name}(timestamp("2024-05-01T10:20:30Z"))`, value }],
    },
    [{ params: ['timestamp'], returns: INT, run: (ms: number) => run(dateOf(ms)) }],
  );
}

export const timeFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'timestamp',
      signature: 'timestamp(x)',
      summary: 'a time from a text (ISO 8601), from milliseconds since 1970, or from a date',
      doc: 'A text without a zone is in UTC. A text that is no time is an error of the record.',
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
      signature: 'date(x)',
      summary: 'the day (UTC) of a timestamp, or of a text such as 2024-05-01',
      doc: '',
      examples: [
        { expression: 'date(timestamp("1970-01-02T23:59:59Z"))', value: 1 },
        { expression: 'string(date("2024-02-29"))', value: '2024-02-29' },
      ],
    },
    [
      { params: ['timestamp'], returns: DATE, run: (ms: number) => Math.floor(ms / DAY_MS) },
      { params: ['text'], returns: DATE, fn: 'date_text', run: dateOfText },
    ],
  ),
  part('hour', 'the hour of a timestamp, 0 to 23', 'In UTC.', 10, (date) => date.getUTCHours()),
  part('minute', 'the minute of a timestamp, 0 to 59', '', 20, (date) => date.getUTCMinutes()),
  part('second', 'the second of a timestamp, 0 to 59', '', 30, (date) => date.getUTCSeconds()),
  part(
    'dayOfWeek',
    'the day of the week of a timestamp, from 1 (Monday) to 7',
    'In UTC, as ISO 8601 counts.',
    3,
    (date) => date.getUTCDay() || 7,
  ),
  defineFunction(
    {
      name: 'formatTime',
      signature: 'formatTime(timestamp, pattern)',
      summary: 'a timestamp as text, in UTC',
      doc: "The pattern has yyyy, MM, dd, HH, mm, ss and SSS; other letters stand in '…'.",
      examples: [{ expression: 'formatTime(timestamp("2024-05-01T10:20:30Z"), "dd.MM.yyyy HH:mm")', value: '01.05.2024 10:20' }],
    },
    [{ params: ['timestamp', 'text'], returns: STRING, check: literalPattern, run: formatTime }],
  ),
];
