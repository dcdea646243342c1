import type { TestRow } from '@rta/dsl';
import type { RowsFailure } from './new-row.js';

type Pair = RowsFailure['pairs'][number];
type Found = NonNullable<Pair['actual']>;

/** What is to be done so that rows are as they were found. */
export interface RowChanges {
  /** Rows that keep their place: the cells in `differing` become those of `actual`. */
  readonly changed: readonly { readonly expected: TestRow; readonly actual: Found; readonly differing: readonly string[] }[];
  /** Rows whose place is taken by another. */
  readonly replaced: readonly { readonly expected: TestRow; readonly actual: Found }[];
  readonly removed: readonly TestRow[];
  /** New rows behind `after`; null: at the front, or where there was none. */
  readonly added: readonly { readonly after: TestRow | null; readonly actual: Found }[];
}

/** The least changes; where order means nothing, new rows take the place of those that are gone. */
export function changesOf({ section, pairs }: RowsFailure): RowChanges {
  const changed = pairs.flatMap(({ expected, actual, differing }) =>
    expected !== null && actual !== null && differing.length > 0 ? [{ expected, actual, differing }] : [],
  );
  const missing = pairs.flatMap(({ expected, actual }) => (expected !== null && actual === null ? [expected] : []));
  if (section === 'history') {
    const added: { after: TestRow | null; actual: Found }[] = [];
    let after: TestRow | null = null;
    for (const { expected, actual } of pairs) {
      if (expected === null && actual !== null) added.push({ after, actual });
      after = expected ?? after;
    }
    return { changed, replaced: [], removed: missing, added };
  }
  const unexpected = pairs.flatMap(({ expected, actual }) => (expected === null && actual !== null ? [actual] : []));
  const replaced = missing.slice(0, unexpected.length).map((expected, i) => ({ expected, actual: unexpected[i] }));
  const last = pairs.flatMap(({ expected }) => (expected === null ? [] : [expected])).sort((a, b) => a.span.start - b.span.start);
  const added = unexpected.slice(missing.length).map((actual) => ({ after: last.at(-1) ?? null, actual }));
  return { changed, replaced, removed: missing.slice(unexpected.length), added };
}
