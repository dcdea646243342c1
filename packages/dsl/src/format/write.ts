/** A layout as text. What fits on a line in `{ }` or `[ ]` stays so; all else is written in blocks. */
import { foldedExpression } from './expression-text.js';
import type { LayoutEntry, LayoutFile, LayoutItem, LayoutMap, LayoutNode, LayoutScalar, LayoutSeq } from './layout.js';

/** How wide lines are where they can be broken. */
const WIDTH = 140;

/** The text of a file. */
export function writeLayout(file: LayoutFile): string {
  const root = file.root;
  const body = root === null ? [] : root.kind === 'map' || root.kind === 'seq' ? block(root, 0) : [scalarLine(root)];
  return `${tidy([...file.before, ...body, ...(file.end.length > 0 ? ['', ...file.end] : [])]).join('\n')}\n`;
}

/** No two blank lines in a row, none at either end. */
function tidy(lines: readonly string[]): string[] {
  const kept = lines.filter((line, i) => line !== '' || (i > 0 && lines[i - 1] !== ''));
  while (kept[0] === '') kept.shift();
  while (kept.at(-1) === '') kept.pop();
  return kept;
}

/** The lines of a collection, indented. */
function block(node: LayoutMap | LayoutSeq, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const children: readonly LayoutItem[] = node.kind === 'map' ? node.entries : node.items;
  const lines = children.flatMap((child, i) => {
    const before = [
      ...child.before,
      ...displaced(child.value, indent + ('key' in child ? keyText((child as LayoutEntry).key).length + 2 : 2)),
    ];
    const front = indented(i === 0 ? tidyStart(before) : before, pad);
    return [...front, ...(node.kind === 'map' ? entry(child as LayoutEntry, indent) : item(child, indent))];
  });
  return [...lines, ...indented(node.end, pad)];
}

function tidyStart(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== '');
  return first < 0 ? [] : lines.slice(first);
}

function indented(lines: readonly string[], pad: string): string[] {
  return lines.map((line) => (line === '' ? '' : pad + line));
}

/** The comment behind a value that takes several lines: it goes in front. */
function displaced(value: LayoutNode, column: number): readonly string[] {
  return value.after !== null && !isOneLine(value, column) ? [value.after] : [];
}

function entry({ key, value }: LayoutEntry, indent: number): string[] {
  return headed(`${' '.repeat(indent)}${keyText(key)}:`, value, indent + 2);
}

function item({ value }: LayoutItem, indent: number): string[] {
  const head = `${' '.repeat(indent)}-`;
  if ((value.kind === 'map' || value.kind === 'seq') && value.anchor === null && !isOneLine(value, indent + 2)) {
    const lines = block(value, indent + 2);
    const first = lines.findIndex((line) => !/^\s*(#|$)/.test(line));
    // Comments in front of the first key stand above the dash.
    const above = lines.slice(0, first).map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line.trimStart()}`));
    return [...above, `${head} ${lines[first].slice(indent + 2)}`, ...lines.slice(first + 1)];
  }
  return headed(head, value, indent + 2);
}

/** A value behind its key or dash. */
function headed(head: string, value: LayoutNode, indent: number): string[] {
  const anchor = value.anchor === null ? '' : ` &${value.anchor}`;
  if (isOneLine(value, head.length + 1)) {
    const text = oneLine(value, false);
    return [`${head}${anchor}${text === '' ? '' : ` ${text}`}${value.after === null ? '' : ` ${value.after}`}`];
  }
  if (value.kind === 'map' || value.kind === 'seq') return [`${head}${anchor}`, ...block(value, indent)];
  const lines = value.kind === 'scalar' ? textBlock(value, indent) : [];
  return [`${head}${anchor} ${lines[0]}`, ...indented(lines.slice(1), ' '.repeat(indent))];
}

/** Whether a value stands on the line of its key, which is `column` wide. */
function isOneLine(value: LayoutNode, column: number): boolean {
  const anchor = value.anchor === null ? 0 : value.anchor.length + 2;
  if (value.kind === 'alias') return true;
  if (value.kind === 'scalar') {
    if (value.reads === null) return value.style === 'empty' || !isBlockText(value);
    return column + anchor + scalarLine(value).length <= WIDTH || foldedExpression(value.text, WIDTH - column).length < 2;
  }
  const size = value.kind === 'map' ? value.entries.length : value.items.length;
  if (size === 0) return true;
  const text = value.flow ? oneLine(value, false) : null;
  return text !== null && column + anchor + text.length <= WIDTH;
}

/** A value on one line; null where it needs several. */
function oneLine(node: LayoutNode, inFlow: boolean): string | null {
  if (node.kind === 'alias') return `*${node.name}`;
  if (node.kind === 'scalar') return node.reads === null && isBlockText(node) ? null : scalarLine(node, inFlow);
  const size = node.kind === 'map' ? node.entries.length : node.items.length;
  if (!node.flow && size > 0) return null;
  const parts =
    node.kind === 'seq'
      ? node.items.map(({ value }) => anchored(value))
      : node.entries.map(({ key, value }) => {
          const text = anchored(value);
          return text === null ? null : `${keyText(key, true)}: ${text}`;
        });
  if (parts.some((part) => part === null)) return null;
  if (node.kind === 'seq') return `[${parts.join(', ')}]`;
  return size === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function anchored(value: LayoutNode): string | null {
  const text = oneLine(value, true);
  return text === null || value.anchor === null ? text : `&${value.anchor} ${text}`;
}

function keyText(key: LayoutScalar, inFlow = false): string {
  return scalarLine(key, inFlow);
}

function scalarLine(node: LayoutNode, inFlow = false): string {
  if (node.kind !== 'scalar' || node.style === 'empty') return '';
  const { text } = node;
  const plain = node.reads !== null ? !isWord(text) : node.style === 'plain';
  return plain && isPlain(text, inFlow) ? text : quoted(text);
}

/** A quoted word that would be nothing when it is not quoted. */
function isWord(text: string): boolean {
  return /^(null|~)$/i.test(text);
}

/** Whether YAML reads a text as it stands, and no one would think otherwise. */
function isPlain(text: string, inFlow: boolean): boolean {
  if (text === '' || text !== text.trim() || /[\n\r\t]/.test(text)) return false;
  if (/^[[\]{},#&*!|>'"%@`]/.test(text) || /^[-?:](\s|$)/.test(text) || /^(---|\.\.\.)/.test(text)) return false;
  if (/:(\s|$)|\s#/.test(text)) return false;
  return !(inFlow && /[[\]{},]|^[-?:]/.test(text));
}

function quoted(text: string): string {
  const single = /["\\]/.test(text) && !/[^\P{Cc}]|[\u2028\u2029\ufeff]/u.test(text);
  return single ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}

/** Whether a text that is no expression is written with `|` or `>`. */
function isBlockText({ style, text }: LayoutScalar): boolean {
  if (style !== 'literal' && style !== 'folded') return false;
  return (
    text.trim() !== '' &&
    !/^\s|[^\P{Cc}\n]|[\u2028\u2029\ufeff]|[ \t]$|[ \t]\n/u.test(text) &&
    !(style === 'folded' && /\n[ \t]| {2}/.test(text))
  );
}

/** The header of a block scalar and its lines. */
function textBlock(node: LayoutScalar, indent: number): string[] {
  if (node.reads !== null) return ['>-', ...foldedExpression(node.text, WIDTH - indent)];
  const ending = /\n*$/.exec(node.text)![0].length;
  const mark = (node.style === 'literal' ? '|' : '>') + (ending === 0 ? '-' : ending === 1 ? '' : '+');
  const body = node.text.slice(0, node.text.length - ending);
  const lines = body.split('\n').flatMap((line, i) => (node.style === 'literal' ? [line] : folded(line, i, WIDTH - indent)));
  return [mark, ...lines, ...Array<string>(Math.max(0, ending - 1)).fill('')];
}

/** A line of a folded text: two line breaks in the file are one in the text. */
function folded(line: string, i: number, width: number): string[] {
  if (line === '') return [''];
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return i > 0 ? ['', ...lines] : lines;
}
