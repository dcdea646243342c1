/** Files of rows that tests name: JSON lines and CSV. */
import type { Diagnostic, SourceText } from '../../diagnostics/diagnostic.js';
import type { YamlEntry, YamlMap } from '../../yaml/node.js';
import { testMessages } from '../test-messages.js';
import { jsonNode, JsonSyntaxError } from './json-node.js';

/** Whether rows can be read from a file of this name. */
export function isRowFile(path: string): boolean {
  return /\.(jsonl|ndjson|csv)$/i.test(path);
}

/**
 * The rows of a file, as if they stood in the pipeline:
 * - `*.jsonl`, `*.ndjson`: a JSON object a line; empty lines are passed over
 * - `*.csv`: the names of columns in the first line, then a row a line, values in double quotes where they have a comma, a quote or
 *   a line break; a column whose cell is empty is not named by that row, and `""` is the empty text
 */
export function readRows(source: SourceText, report: (diagnostic: Diagnostic) => void): readonly YamlMap[] {
  const rows: YamlMap[] = [];
  const wrong = (at: number, end: number, message: string): void => {
    report(testMessages.badTestLine({ source, start: at, end: Math.max(at, end) }, message));
  };
  if (/\.csv$/i.test(source.path)) csvRows(source, rows, wrong);
  else jsonRows(source, rows, wrong);
  return rows;
}

type Wrong = (at: number, end: number, message: string) => void;

function jsonRows(source: SourceText, rows: YamlMap[], wrong: Wrong): void {
  const { text } = source;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (text.slice(start, end).trim() !== '') {
      try {
        const node = jsonNode(source, start, end);
        if (node.kind === 'map') rows.push(node);
        else wrong(node.span.start, node.span.end, 'a JSON object was expected: a row a line');
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error;
        wrong(error.at, Math.min(error.at + 1, end), error.message);
      }
    }
    start = end + 1;
  }
}

interface Cell {
  readonly text: string;
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

function csvRows(source: SourceText, rows: YamlMap[], wrong: Wrong): void {
  let names: readonly Cell[] | null = null;
  for (const cells of csvLines(source.text, wrong)) {
    if (names === null) {
      names = cells;
      continue;
    }
    const [{ start }, last] = [cells[0], cells[cells.length - 1]];
    if (cells.length !== names.length) {
      wrong(start, last.end, `this line has ${cells.length} values, the first line names ${names.length} columns`);
      continue;
    }
    const entries = cells.flatMap((cell, i): YamlEntry[] => {
      if (cell.text === '' && !cell.quoted) return [];
      const [span, keySpan] = [cell, names![i]].map(({ start, end }) => ({ source, start, end }));
      const value = { kind: 'scalar', text: cell.text, style: cell.quoted ? 'double' : 'plain', span } as const;
      return [{ key: names![i].text.trim(), keySpan, value }];
    });
    rows.push({ kind: 'map', entries, flow: true, span: { source, start, end: last.end } });
  }
}

/** Lines as cells (RFC 4180); empty lines are passed over. */
function* csvLines(text: string, wrong: Wrong): Generator<readonly Cell[]> {
  let cells: Cell[] = [];
  for (let at = 0; at < text.length;) {
    const start = at;
    const quoted = text[at] === '"';
    let value: string;
    if (quoted) {
      let end = text.indexOf('"', at + 1);
      while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      if (end === -1) {
        wrong(start, start + 1, 'a closing quote is missing');
        return;
      }
      value = text.slice(start + 1, end).replaceAll('""', '"');
      at = end + 1;
      if (at < text.length && !',\r\n'.includes(text[at]))
        wrong(at, at + 1, 'after a closing quote a comma or the end of the line was expected');
    } else value = '';
    while (at < text.length && !',\r\n'.includes(text[at])) at++;
    if (!quoted) value = text.slice(start, at);
    cells.push({ text: value, quoted, start, end: at });
    if (text[at] === ',') {
      at++;
      // A comma at the end of the text has an empty cell behind it.
      if (at < text.length) continue;
      cells.push({ text: '', quoted: false, start: at, end: at });
    }
    while (at < text.length && '\r\n'.includes(text[at])) at++;
    yield cells;
    cells = [];
  }
}
