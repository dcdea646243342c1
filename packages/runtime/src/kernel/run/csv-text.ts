/** Values as a CSV row (RFC 4180, without a header): null is an empty cell, an empty text `""`. */
import type { Column, Type, Value } from '@rta/dsl';
import { plainText, type TextOf } from './json-text.js';

const NEEDS_QUOTES = /[",\r\n]/;
/** Types whose texts may need them. */
const QUOTED: readonly Type['kind'][] = ['string', 'bytes', 'array', 'map', 'record'];

/** Of the columns' values, in order. */
export function csvText(columns: readonly Column[]): (values: readonly Value[]) => string {
  const cells = columns.map((column) => cellOf(column.type));
  return (values) => {
    let text = '';
    for (let i = 0; i < cells.length; i++) text += (i === 0 ? '' : ',') + cells[i](values[i]);
    return text;
  };
}

function cellOf(type: Type): TextOf {
  if (type.kind === 'nullable') {
    const inner = cellOf(type.of);
    return (value) => (value === null ? '' : inner(value));
  }
  const text = plainText(type);
  if (!QUOTED.includes(type.kind)) return text;
  return (value) => {
    const cell = text(value);
    return cell === '' || NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  };
}
