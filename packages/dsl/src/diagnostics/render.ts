import type { Diagnostic, Severity, Span } from './diagnostic.js';
import { lineText, positionAt, type Position } from './position.js';

export interface RenderOptions {
  /** ANSI colours, for a terminal. */
  readonly colour?: boolean;
  /** Lines shown above the place; 1 unless told. */
  readonly context?: number;
}

/** The longest stretch of a line that a code frame shows. */
const FRAME_WIDTH = 160;

/**
 * One diagnostic for people:
 *
 *     pipelines/top-teams.yaml:7:15: error RTA1101: there is no column usr_id
 *        6 | steps:
 *        7 |   - groupBy: usr_id
 *          |              ^^^^^^
 *     help: did you mean user_id?
 */
export function render(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const paint = options.colour === true ? ansi : plain;
  const colour = diagnostic.severity === 'error' ? 'red' : 'yellow';
  const lines = [
    `${paint(place(diagnostic.span), 'bold')}: ${paint(`${diagnostic.severity} ${diagnostic.code}`, colour)}: ${diagnostic.message}`,
    ...frame(diagnostic.span, options.context ?? 1, (carets) => paint(carets, colour)),
  ];
  for (const related of diagnostic.related ?? []) {
    lines.push(`${paint('note', 'cyan')}: ${place(related.span)}: ${related.message}`);
    lines.push(...frame(related.span, 0, (carets) => paint(carets, 'cyan')));
  }
  if (diagnostic.help !== undefined) lines.push(`${paint('help', 'green')}: ${diagnostic.help}`);
  return lines.join('\n');
}

/** All of them in the order of the file, with a closing count. */
export function renderAll(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  const sorted = inOrder(diagnostics);
  if (sorted.length === 0) return '';
  const of = (severity: Severity): number => sorted.filter((diagnostic) => diagnostic.severity === severity).length;
  const [errors, warnings, advice] = [of('error'), of('warning'), of('advice')];
  const count = [
    errors > 0 ? plural(errors, 'error') : '',
    warnings > 0 ? plural(warnings, 'warning') : '',
    advice > 0 ? `${advice} ${advice === 1 ? 'piece' : 'pieces'} of advice` : '',
  ].filter((part) => part !== '');
  return [...sorted.map((diagnostic) => render(diagnostic, options)), count.join(', ')].join('\n\n');
}

/** What `--json` prints and editors read: lines and columns from 1, the end exclusive. */
export interface DiagnosticJson {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly help?: string;
  readonly path: string;
  readonly start: Position;
  readonly end: Position;
  readonly related?: readonly { readonly path: string; readonly start: Position; readonly end: Position; readonly message: string }[];
}

/** A diagnostic as plain data. */
export function toJson(diagnostic: Diagnostic): DiagnosticJson {
  return {
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    ...(diagnostic.help === undefined ? {} : { help: diagnostic.help }),
    ...placeJson(diagnostic.span),
    ...(diagnostic.related === undefined
      ? {}
      : { related: diagnostic.related.map((related) => ({ ...placeJson(related.span), message: related.message })) }),
  };
}

/** By file, then place; the same error at the same place only once. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return [...diagnostics]
    .sort((a, b) => compare(a.span.source.path, b.span.source.path) || a.span.start - b.span.start || compare(a.code, b.code))
    .filter((diagnostic) => {
      const { span, code, message } = diagnostic;
      const identity = JSON.stringify([span.source.path, span.start, code, message]);
      if (seen.has(identity)) return false;
      seen.add(identity);
      return true;
    });
}

/** `file:line:column` of a span's start. */
export function place(span: Span): string {
  const { line, column } = positionAt(span.source, span.start);
  return `${span.source.path}:${line}:${column}`;
}

function placeJson(span: Span): { path: string; start: Position; end: Position } {
  return { path: span.source.path, start: positionAt(span.source, span.start), end: positionAt(span.source, span.end) };
}

function frame(span: Span, context: number, paintCarets: (carets: string) => string): string[] {
  const start = positionAt(span.source, span.start);
  const end = positionAt(span.source, span.end);
  const gutter = Math.max(4, String(start.line).length + 1);
  const lines: string[] = [];
  for (let line = Math.max(1, start.line - context); line <= start.line; line++) {
    const cut = line === start.line ? cutFrom(start.column) : 0;
    lines.push(`${String(line).padStart(gutter)} | ${visible(lineText(span.source, line).slice(cut, cut + FRAME_WIDTH))}`.trimEnd());
  }
  const text = lineText(span.source, start.line);
  const last = end.line === start.line ? end.column : text.length + 1;
  const width = Math.max(1, Math.min(last - start.column, FRAME_WIDTH));
  const indent = ' '.repeat(start.column - 1 - cutFrom(start.column));
  lines.push(`${' '.repeat(gutter)} | ${indent}${paintCarets('^'.repeat(width))}`);
  return lines;
}

/** A line that is too long is shown from somewhat before the place. */
function cutFrom(column: number): number {
  return column > FRAME_WIDTH - 40 ? column - 40 : 0;
}

/** Tabs and control characters take one cell each, so that the carets stand below their place. */
function visible(text: string): string {
  return text.replace(/\t/g, ' ').replace(/\p{Cc}/gu, '\uFFFD');
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Style = 'bold' | 'red' | 'yellow' | 'cyan' | 'green';
const ANSI: Record<Style, string> = { bold: '1', red: '31;1', yellow: '33;1', cyan: '36', green: '32' };

function ansi(text: string, style: Style): string {
  return `\u001B[${ANSI[style]}m${text}\u001B[0m`;
}

function plain(text: string): string {
  return text;
}
