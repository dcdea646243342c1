/** What the server answers, as cells of a table. */
import type { Cell } from '../wire.js';
import type { TableColumn } from './table.js';

/** What is no number, text or flag stands there as JSON. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : JSON.stringify(value);
}

interface JsonTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column for each name that a row has, in the order in which they first stand; one of numbers only is set to the right. */
export function tableOf(rows: readonly Readonly<Record<string, unknown>>[]): JsonTable {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isNumber = (name: string): boolean =>
    rows.every(({ [name]: value }) => value === null || value === undefined || typeof value === 'number');
  return {
    columns: names.map((name) => ({ name, kind: isNumber(name) ? 'number' : 'text' })),
    rows: rows.map((row) => names.map((name) => cellOf(row[name]))),
  };
}
