/**
 * ```
 * file := line (CRLF line)*      line := cell ("," cell)*      RFC 4180
 * ```
 * A text that a spreadsheet would take for a formula gets an apostrophe in front.
 */
import type { Cell } from '../wire.js';
import { plainText } from './format.js';
import type { TableColumn } from './table.js';

export function csvOf(columns: readonly TableColumn[], rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((cells) =>
    columns.map(({ kind }, i) => (typeof cells[i] === 'string' ? inert(cells[i]) : plainText(cells[i], kind))),
  );
  return [columns.map(({ name }) => name), ...lines].map((line) => line.map(quoted).join(',')).join('\r\n');
}

/** Has the browser save a file. */
export function save(name: string, type: string, text: BlobPart): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

function inert(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
