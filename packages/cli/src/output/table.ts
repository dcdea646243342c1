/** Tables of text for people. */
import { fit, printable, widthOf } from '../run/text-width.js';

export interface TableColumn {
  readonly title: string;
  /** Which side the cells keep to; default: left. */
  readonly align?: 'left' | 'right';
}

/** Lines of a table: titles, then a line per row; columns as wide as they need, two blanks between them, none at the end. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(printable));
  const lines = [columns.map(({ title }) => title), ...clean];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => widthOf(line[i] ?? ''))));
  return lines.map((line) =>
    line
      .map((cell, i) => fit(cell, widths[i] ?? 0, columns[i]?.align === 'right' ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` columns for the whole, in eighths of a column; what is more than nothing shows. */
export function bar(part: number, whole: number, width: number): string {
  if (part <= 0 || whole <= 0) return '';
  const eighths = Math.max(1, Math.round((Math.min(part, whole) / whole) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

const STEPS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A column per value, of the height that it has between nothing and the greatest. */
export function spark(values: readonly number[]): string {
  const most = Math.max(0, ...values);
  return values.map((value) => STEPS[most === 0 ? 0 : Math.round((Math.max(0, value) / most) * (STEPS.length - 1))] ?? '').join('');
}
