/** The edits that bring expectations in a pipeline file up to date; comments and the layout of all else stay. */
import type { Span, YamlEntry, YamlMap, YamlNode, YamlSeq } from '@rta/dsl';
import { changesOf, type RowChanges } from './changes.js';
import { lineEnd, lineStart, type Edit } from './edit.js';
import { yamlCell, yamlRow, type RowsFailure } from './new-row.js';

/** An entry of the file, and whether it stands in braces. */
export interface Place {
  readonly entry: YamlEntry;
  readonly flow: boolean;
}

/** The entry whose key is at a place. */
export function entryAt(node: YamlNode, at: Span): Place | null {
  if (node.kind === 'scalar') return null;
  for (const item of node.kind === 'seq' ? node.items : node.entries) {
    if ('key' in item && item.keySpan.start === at.start) return { entry: item, flow: (node as YamlMap).flow };
    const found = entryAt('key' in item ? item.value : item, at);
    if (found !== null) return { ...found, flow: found.flow || node.flow };
  }
  return null;
}

/** Brings the rows of a list up to date. */
export function listEdits(failure: RowsFailure, { entry, flow }: Place): readonly Edit[] {
  const changes = changesOf(failure);
  const list = entry.value as YamlSeq;
  const inPlace = [
    ...changes.changed.flatMap((change) => cellEdits(change, itemOf(list, change.expected.span), failure)),
    ...changes.replaced.map(({ expected, actual }) => ({ ...place(expected.span), text: yamlRow(actual, failure) })),
  ];
  if (changes.removed.length === 0 && changes.added.length === 0) return inPlace;
  if (list.items.length === 0) return [newList(entry, flow, changes, failure)];
  if (list.flow) return [...inPlace, ...flowEdits(list, changes, failure)];
  if (changes.removed.length === list.items.length && changes.added.length === 0)
    return [{ start: entry.keySpan.end, end: list.span.end, text: ': []' }];
  return [...inPlace, ...blockEdits(list, changes, failure)];
}

function place({ start, end }: Span): { start: number; end: number } {
  return { start, end };
}

function itemOf(list: YamlSeq, { start }: Span): YamlMap | undefined {
  return list.items.find((item): item is YamlMap => item.kind === 'map' && item.span.start === start);
}

function cellEdits(
  { expected, actual, differing }: RowChanges['changed'][number],
  item: YamlMap | undefined,
  failure: RowsFailure,
): readonly Edit[] {
  const cells = differing.map((name) => ({ name, value: item?.entries.find(({ key }) => key === name)?.value }));
  const inPlace = cells.every(({ value }) => value !== undefined && !(value.kind === 'scalar' && value.style === 'empty'));
  // A tombstone in the place of a row, or a cell that is not there to be replaced.
  if (!inPlace) return [{ ...place(expected.span), text: yamlRow(actual, failure) }];
  return cells.map(({ name, value }) => ({ ...place(value!.span), text: yamlCell(name, expected, actual, failure) }));
}

function newList({ keySpan, value }: YamlEntry, flow: boolean, { added }: RowChanges, failure: RowsFailure): Edit {
  const rows = added.map(({ actual }) => yamlRow(actual, failure));
  if (flow) return { ...place(value.span), text: `[ ${rows.join(', ')} ]` };
  const { text } = keySpan.source;
  const indent = ' '.repeat(keySpan.start - lineStart(text, keySpan.start) + 2);
  return { start: keySpan.end, end: value.span.end, text: `:${rows.map((row) => `\n${indent}- ${row}`).join('')}` };
}

/** Rows in brackets: one after the other as before, each as it is written. */
function flowEdits(list: YamlSeq, { removed, added }: RowChanges, failure: RowsFailure): readonly Edit[] {
  const gone = new Set(removed.map(({ span }) => span.start));
  const edits: Edit[] = [];
  const kept = list.items.filter((item) => !gone.has(item.span.start));
  for (const [i, item] of list.items.entries()) {
    if (!gone.has(item.span.start)) continue;
    const [before, next] = [list.items.at(i - 1), list.items.at(i + 1)];
    // With the comma before it, or, at the front, the one behind.
    const isFirst = kept.length === 0 || item.span.start < kept[0].span.start;
    if (isFirst) edits.push({ start: item.span.start, end: next?.span.start ?? item.span.end, text: '' });
    else edits.push({ start: before!.span.end, end: item.span.end, text: '' });
  }
  for (const { after, actual } of added) {
    const row = yamlRow(actual, failure);
    if (after === null) edits.push({ start: list.items[0].span.start, end: list.items[0].span.start, text: `${row}, ` });
    else edits.push({ start: after.span.end, end: after.span.end, text: `, ${row}` });
  }
  return edits;
}

/** Rows with dashes: whole lines come and go. */
function blockEdits(list: YamlSeq, { removed, added }: RowChanges, failure: RowsFailure): readonly Edit[] {
  const { text } = list.span.source;
  const first = list.items[0].span.start;
  const dash = text.slice(lineStart(text, first), first);
  // The first dash may stand behind other things in its line.
  const indent = /^\s*-\s*$/.test(dash) ? dash : `${' '.repeat(list.span.start - lineStart(text, list.span.start))}- `;
  return [
    ...removed.map(({ span }) => ({ start: lineStart(text, span.start), end: lineEnd(text, span.end) + 1, text: '' })),
    ...added.map(({ after, actual }) => {
      const row = `${indent}${yamlRow(actual, failure)}`;
      const at = after === null ? lineStart(text, first) : lineEnd(text, after.span.end);
      return { start: at, end: at, text: after === null ? `${row}\n` : `\n${row}` };
    }),
  ];
}
