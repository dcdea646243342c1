/** `rta test --update`: writes what was found in the place of what was expected. */
import { parseYaml, type SourceText } from '@rta/dsl';
import type { TestFailure } from '@rta/runtime';
import { changesOf } from './changes.js';
import { applyEdits, type Edit } from './edit.js';
import { jsonLineEdits } from './file-edits.js';
import { entryAt, listEdits } from './yaml-edits.js';

/** What was done about one failed expectation. */
export interface Update {
  readonly failure: TestFailure;
  /** The file, as it is shown; null: nothing was written. */
  readonly path: string | null;
  /** In words: `1 changed, 2 added`. */
  readonly what: string;
}

/** A file of rows that a test names, by the path in the pipeline file. */
export type FindRows = (pipeline: SourceText, path: string) => SourceText | null;

/** The new texts of the files that the failures are about, and what changes in them. */
export function updateExpectations(
  failures: readonly TestFailure[],
  findRows: FindRows,
): { readonly files: ReadonlyMap<string, string>; readonly updates: readonly Update[] } {
  const edits = new Map<string, { source: SourceText; edits: Edit[] }>();
  const updates = failures.map((failure): Update => {
    const made = editsOf(failure, findRows);
    if (typeof made === 'string') return { failure, path: null, what: made };
    const file = edits.get(made.source.path) ?? { source: made.source, edits: [] };
    file.edits.push(...made.edits);
    edits.set(made.source.path, file);
    return { failure, path: made.source.path, what: describe(failure) };
  });
  return { files: new Map([...edits].map(([path, { source, edits: all }]) => [path, applyEdits(source.text, all)])), updates };
}

/** A text: why it cannot be updated. */
function editsOf(failure: TestFailure, findRows: FindRows): { source: SourceText; edits: readonly Edit[] } | string {
  if (failure.kind === 'error') return `not updated: ${failure.message}`;
  const { source } = failure.at;
  if (!/\.ya?ml$/.test(source.path)) return 'not updated: only YAML files are';
  const { root } = parseYaml(source);
  const place = root === null ? null : entryAt(root, failure.at);
  if (place === null) return 'not updated: it is not written in this file';
  const { value } = place.entry;
  if (failure.kind === 'count')
    return { source, edits: [{ start: value.span.start, end: value.span.end, text: String(failure.actualCount) }] };
  if (value.kind === 'seq') return { source, edits: listEdits(failure, place) };
  const rows = value.kind === 'scalar' ? findRows(source, value.text) : null;
  if (rows === null || !/\.(jsonl|ndjson)$/i.test(rows.path)) return 'not updated: only lists and files of JSON lines are';
  return { source: rows, edits: jsonLineEdits(failure, rows.text) };
}

function describe(failure: TestFailure): string {
  if (failure.kind === 'error') return '';
  if (failure.kind === 'count') return `${failure.expectedCount} is now ${failure.actualCount}`;
  const { changed, replaced, removed, added } = changesOf(failure);
  const counts: [number, string][] = [
    [changed.length + replaced.length, 'changed'],
    [added.length, 'added'],
    [removed.length, 'removed'],
  ];
  return counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ');
}
