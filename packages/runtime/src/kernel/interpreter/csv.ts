/** CSV (RFC 4180, one row a record, no header), both ways, by way of texts. */
import { Buffer } from 'node:buffer';
import type { Column, Row, Type, Value } from '@rta/dsl';
import { type Datum, defaultOf, Rejected } from './avro-read.js';
import type { AvroField, AvroNode, AvroRecord } from './avro-schema.js';
import { type Json, NumberText, typed } from './json-read.js';
import { textOf } from './json-write.js';

const CELL = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
const NUMBER = /^(-?\d+(\.\d+)?([eE][-+]?\d+)?|NaN|-?Infinity)$/;

/** Parses and types a record value: cells are the fields of the schema, in order. */
export function readCsv(reader: AvroRecord, bytes: Uint8Array): Datum {
  const cells = cellsOf(Buffer.from(bytes).toString('utf8'));
  if (cells.length > reader.fields.length) throw new Rejected('not_csv', `there are ${cells.length} columns, not ${reader.fields.length}`);
  return new Map(reader.fields.map((field, i) => [field.name, i < cells.length ? cellDatum(field, cells[i]) : missing(field)]));
}

/** Of a row: what stands in its cells; null: nothing. */
function cellsOf(row: string): (string | null)[] {
  const cells: (string | null)[] = [];
  for (let at = 0; ; at++) {
    CELL.lastIndex = at;
    const [whole, quoted, plain] = CELL.exec(row) as unknown as [string, string | undefined, string | undefined];
    cells.push(quoted?.replaceAll('""', '"') ?? (plain === '' ? null : plain!));
    at += whole.length;
    if (row[at] === ',') continue;
    if (!['', '\n', '\r\n'].includes(row.slice(at))) throw new Rejected('not_csv', `column ${cells.length} does not end where it should`);
    return cells;
  }
}

function cellDatum({ name, node }: AvroField, cell: string | null): Datum {
  const branches = node.kind === 'union' ? node.branches : [node];
  if (cell === null) {
    if (branches.some((branch) => branch.kind === 'null')) return null;
    throw new Rejected('not_csv', `${name} is empty`);
  }
  let why = new Rejected('not_csv', `${name} is always null`);
  for (const branch of branches.filter(({ kind }) => kind !== 'null')) {
    try {
      return textDatum(branch, cell);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      why = error;
    }
  }
  throw why;
}

/** A text as a value of a node that is no union. */
export function textDatum(node: AvroNode, text: string): Datum {
  let json: Json = text;
  if (node.kind === 'boolean' && (text === 'true' || text === 'false')) json = text === 'true';
  if (['int', 'long', 'float', 'double'].includes(node.kind) && NUMBER.test(text)) json = new NumberText(text);
  try {
    return typed(node, json, 'the text');
  } catch (error) {
    throw error instanceof Rejected ? new Rejected('not_csv', error.message) : error;
  }
}

function missing(field: AvroField): Datum {
  const nullable = field.node.kind === 'union' && field.node.branches.some((branch) => branch.kind === 'null');
  return field.default === undefined && nullable ? null : defaultOf(field);
}

/** A row with the columns in order; null is an empty cell, an empty text `""`. */
export function csvOfRow(columns: readonly Column[], row: Row): string {
  return columns.map(({ name, type }) => csvCell(type, row[name])).join(',');
}

function csvCell(type: Type, value: Value): string {
  if (value === null) return '';
  const text = textOf(type, value);
  return text === '' || /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
