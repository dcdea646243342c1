/** Boards over a range of time, from the tables of the OLAP store. */
import type { Cell, ColumnFacts, RangeAnswer } from '@rta/console';
import type { Board, BoardRange, Column, Plan, SinkNode } from '@rta/dsl';
import type { SqlStore } from '@rta/serve';
import { columnFacts } from './console-state.js';

/** Points of a line, lines, bars and rows that are shown at most. */
const [POINTS, LINES, BARS, ROWS] = [200, 6, 25, 200];
/** Rows of an answer, at most, and how long it may take. */
const [MOST, TIME_MS] = [20_000, 10_000];
const BUCKETS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800].map((seconds) => seconds * 1000);

interface Question {
  readonly board: Board;
  readonly range: BoardRange;
  readonly sink: SinkNode;
  readonly table: string;
  /** ms since the epoch, the second one not with it. */
  readonly from: number;
  readonly to: number;
}

/**
 * Null: the plan has no such board, or the range is none.
 *
 * @param finalUntil as `RangeAnswer` has it
 */
export async function rangeBoard(
  olap: SqlStore | null,
  plan: Plan,
  about: Readonly<Record<string, string>>,
  finalUntil: (sink: SinkNode) => number | null,
): Promise<RangeAnswer | null> {
  const board = plan.boards?.find(({ name }) => name === about['board']);
  const sink = plan.sinks.find(({ id }) => id === board?.sink);
  const [from, to] = [Number(about['from']), Number(about['to'])];
  if (board?.range === undefined || sink?.store?.kind !== 'table' || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from >= to)
    return null;
  const answer = { asOf: Date.now(), from, to, columns: [], rows: [], before: null, finalUntil: finalUntil(sink), problem: null };
  if (olap === null) return { ...answer, problem: 'this process writes no OLAP store, or not yet' };
  const question = { board, range: board.range, sink, table: sink.store.table, from, to };
  try {
    return { ...answer, ...(await ask(olap, question)) };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SqlError') throw error;
    // Nothing has come to the table yet.
    return { ...answer, problem: error.message.includes('does not exist') ? 'there are no rows yet' : error.message };
  }
}

type Rows = Pick<RangeAnswer, 'columns' | 'rows'> & { readonly before?: number | null };

function ask(olap: SqlStore, question: Question): Promise<Rows> {
  switch (question.board.show) {
    case 'number':
      return numberIn(olap, question);
    case 'line':
      return linesIn(olap, question);
    case 'ranking':
      return ranksIn(olap, question);
    case 'funnel':
      return funnelIn(olap, question);
    case 'table':
      return tableIn(olap, question);
  }
}

async function numberIn(olap: SqlStore, question: Question): Promise<Rows> {
  const { from, to, board } = question;
  const valueFrom = async (start: number, end: number): Promise<Cell> =>
    (await select(olap, { ...question, from: start, to: end }, [totalOf(question)]))[0]?.[0] ?? null;
  const [now, before] = [await valueFrom(from, to), await valueFrom(2 * from - to, from)];
  return { columns: [{ name: board.name, kind: 'number' }], rows: [[now]], before: typeof before === 'number' ? before : null };
}

/** A point for each piece of the range; pieces without rows are 0, where that is what comes of no rows. */
async function linesIn(olap: SqlStore, question: Question): Promise<Rows> {
  const { from, to, board, range } = question;
  const size = BUCKETS.find((ms) => (to - from) / ms <= POINTS) ?? BUCKETS.at(-1)!;
  const bucket = `CAST(floor(${epoch(range.time)} / ${size}) * ${size} AS DOUBLE)`;
  const label = board.label === null ? "''" : `CAST(${quoted(board.label)} AS VARCHAR)`;
  const found = await select(olap, question, [bucket, label, totalOf(question)], 'GROUP BY 1, 2 ORDER BY 1');
  const totals = new Map<Cell, number>();
  for (const [, name, value] of found) totals.set(name, (totals.get(name) ?? 0) + Number(value));
  const names = [...totals].sort(([, a], [, b]) => b - a).slice(0, LINES).map(([name]) => name); // prettier-ignore
  const values = new Map(found.map(([at, name, value]) => [`${String(at)} ${String(name)}`, value]));
  const empty = range.total === 'max' || range.total === 'avg' ? null : 0;
  const last = found.at(-1)?.[0];
  const rows: Cell[][] = [];
  // What is before the first row was not measured, and what is behind the last one is not there yet.
  for (let at = Number(found[0]?.[0] ?? Infinity); at <= Number(last ?? -Infinity); at += size)
    for (const name of names) {
      const value = values.get(`${at} ${String(name)}`) ?? empty;
      rows.push(board.label === null ? [at, value] : [at, name, value]);
    }
  return {
    columns: [
      { name: range.time, kind: 'timestamp' },
      ...(board.label === null ? [] : [{ name: board.label, kind: 'text' as const }]),
      { name: valueName(question), kind: 'number' },
    ],
    rows,
  };
}

async function ranksIn(olap: SqlStore, question: Question): Promise<Rows> {
  const { board } = question;
  const label = board.label === null ? "''" : `CAST(${quoted(board.label)} AS VARCHAR)`;
  const rows = await select(olap, question, [label, totalOf(question)], `GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT ${BARS}`);
  return { columns: [{ name: board.label ?? 'label', kind: 'text' }, { name: valueName(question), kind: 'number' }], rows }; // prettier-ignore
}

/** Its steps are the labels, else the columns that are numbers, in their order. */
async function funnelIn(olap: SqlStore, question: Question): Promise<Rows> {
  const { board, sink } = question;
  if (board.label !== null && board.value !== null) return ranksIn(olap, question);
  const columns = sink.columns.map(columnFacts).filter(({ kind }) => kind === 'number');
  return { columns, rows: await select(olap, question, columns.map(({ name }) => `CAST(sum(${quoted(name)}) AS DOUBLE)`)) }; // prettier-ignore
}

/** The newest first; ranked by the value where the board names one. */
async function tableIn(olap: SqlStore, question: Question): Promise<Rows> {
  const { board, sink, range } = question;
  const columns = sink.columns.map(columnFacts);
  const order = board.value ?? range.time;
  const cells = sink.columns.map((column, i) => cellOf(column, columns[i]));
  return { columns, rows: await select(olap, question, cells, `ORDER BY ${quoted(order)} DESC NULLS LAST LIMIT ${ROWS}`) };
}

function cellOf({ name }: Column, { kind }: ColumnFacts): string {
  if (kind === 'timestamp') return epoch(name);
  if (kind === 'date') return `CAST(datediff('day', DATE '1970-01-01', ${quoted(name)}) AS DOUBLE)`;
  return `CAST(${quoted(name)} AS ${kind === 'number' ? 'DOUBLE' : 'VARCHAR'})`;
}

function totalOf({ range: { total }, board: { value } }: Question): string {
  if (total === 'count' || value === null) return 'CAST(count(*) AS DOUBLE)';
  const column = quoted(value);
  return `CAST(${total === 'distinct' ? `count(DISTINCT ${column})` : `${total}(${column})`} AS DOUBLE)`;
}

function valueName({ range: { total }, board: { value } }: Question): string {
  return value === null ? total : value;
}

async function select(olap: SqlStore, { table, range, from, to }: Question, columns: readonly string[], more = ''): Promise<Cell[][]> {
  const time = epoch(range.time);
  const sql = `SELECT ${columns.join(', ')} FROM ${quoted(table)} WHERE ${time} >= ${from} AND ${time} < ${to} ${more}`;
  const rows: Cell[][] = [];
  await olap.ask({ sql, limit: MOST, timeMs: TIME_MS, take: (some) => rows.push(...(some as Cell[][])) > 0 });
  return rows;
}

function epoch(column: string): string {
  return `CAST(epoch_ms(${quoted(column)}) AS DOUBLE)`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
