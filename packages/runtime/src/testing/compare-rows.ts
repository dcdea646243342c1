/** Whether rows are as a test expects them, and which expected row answers to which actual one. */
import { definite, equalValues, type Column, type Row, type TestRow, type Type, type Value } from '@rta/dsl';
import type { TopicReader, WrittenRow } from './topic-rows.js';

/** An expected row and the row that is there; null: missing, or not expected. */
export interface RowPair {
  readonly expected: TestRow | null;
  readonly actual: WrittenRow | null;
  /** Columns in which the two differ; `$deleted` where only one of them is a tombstone. */
  readonly differing: readonly string[];
}

/**
 * Pairs in any order, as many equal ones as there can be; in the order of the actual rows, then the missing ones. Rows that differ are paired
 * when they have something in common, or are the only row that there can be.
 */
export function pairAsSet(
  expected: readonly TestRow[],
  actual: readonly WrittenRow[],
  { columns, key }: Pick<TopicReader, 'columns' | 'key'>,
): readonly RowPair[] {
  const typeOf = typesOf(columns);
  const pairs = bestMatching(expected, actual, (row, found) => differences(row, found, typeOf).length === 0);
  const openRows = new Set(expected.filter((_, i) => pairs[i] === undefined));
  const taken = new Map(pairs.flatMap((at, i) => (at === undefined ? [] : [[at, expected[i]] as const])));
  const result: RowPair[] = actual.map((found, at) => {
    const row = taken.get(at) ?? nearest(found, openRows, typeOf, key?.length === 0);
    if (row === null) return { expected: null, actual: found, differing: [] };
    openRows.delete(row);
    return { expected: row, actual: found, differing: differences(row, found, typeOf) };
  });
  return [...result, ...[...openRows].map((row) => ({ expected: row, actual: null, differing: [] }))];
}

/** Pairs in order: what is equal stays together (a longest common subsequence), and what lies between is paired one by one. */
export function pairInOrder(expected: readonly TestRow[], actual: readonly WrittenRow[], columns: readonly Column[]): readonly RowPair[] {
  const typeOf = typesOf(columns);
  const equal = (i: number, j: number): boolean => differences(expected[i], actual[j], typeOf).length === 0;
  if (expected.length === actual.length && expected.every((_, i) => equal(i, i)))
    return expected.map((row, i) => ({ expected: row, actual: actual[i], differing: [] }));
  const longest = Array.from({ length: expected.length + 1 }, () => new Int32Array(actual.length + 1));
  for (let i = expected.length - 1; i >= 0; i--)
    for (let j = actual.length - 1; j >= 0; j--)
      longest[i][j] = equal(i, j) ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  const pairs: RowPair[] = [];
  let [from, at] = [0, 0];
  const between = (i: number, j: number): void => {
    for (; from < i || at < j; from++, at++) {
      const [row, found] = [from < i ? expected[from] : null, at < j ? actual[at] : null];
      pairs.push({ expected: row, actual: found, differing: row !== null && found !== null ? differences(row, found, typeOf) : [] });
    }
    [from, at] = [i, j];
  };
  for (let [i, j] = [0, 0]; i < expected.length && j < actual.length;) {
    if (equal(i, j)) {
      between(i, j);
      pairs.push({ expected: expected[i], actual: actual[j], differing: [] });
      [from, at] = [++i, ++j];
    } else if (longest[i + 1][j] >= longest[i][j + 1]) i++;
    else j++;
  }
  between(expected.length, actual.length);
  return pairs;
}

type TypeOf = ReadonlyMap<string, Type>;

function typesOf(columns: readonly Column[]): TypeOf {
  return new Map(columns.map(({ name, type }) => [name, definite(type)]));
}

function differences(expected: TestRow, actual: WrittenRow, typeOf: TypeOf): readonly string[] {
  if (expected.deleted !== actual.deleted) return ['$deleted'];
  return Object.entries(expected.values).flatMap(([name, { value, digits }]) =>
    sameValue(typeOf.get(name), value, valueOf(actual.row, name), digits) ? [] : [name],
  );
}

function valueOf(row: Row, name: string): Value {
  return Object.hasOwn(row, name) ? row[name] : null;
}

/** @param digits how many digits behind the point were written of a float or double, which are all that are compared */
function sameValue(type: Type | undefined, expected: Value, actual: Value, digits: number | null): boolean {
  if (typeof expected === 'number' && typeof actual === 'number' && (type?.kind === 'double' || type?.kind === 'float')) {
    if (Number.isNaN(expected) || Number.isNaN(actual)) return Number.isNaN(expected) && Number.isNaN(actual);
    if (expected === actual || nearby(expected, actual)) return true;
    return digits !== null && Math.abs(expected - actual) <= 0.5 * 10 ** -digits;
  }
  if (type?.kind === 'array' && Array.isArray(expected) && Array.isArray(actual))
    return expected.length === actual.length && expected.every((item, i) => sameValue(definite(type.items), item, actual[i], null));
  return equalValues(expected, actual);
}

/** Equal in the 15 digits that every double keeps. */
function nearby(a: number, b: number): boolean {
  return a.toPrecision(15) === b.toPrecision(15);
}

/** For each expected row the index of its actual one; by augmenting paths (Kuhn), since a row that names few columns fits many. */
function bestMatching(
  expected: readonly TestRow[],
  actual: readonly WrittenRow[],
  fits: (expected: TestRow, actual: WrittenRow) => boolean,
): readonly (number | undefined)[] {
  const candidates = expected.map((row) => actual.flatMap((found, at) => (fits(row, found) ? [at] : [])));
  const owner = new Map<number, number>();
  const claim = (row: number, tried: Set<number>): boolean => {
    for (const at of candidates[row]) {
      if (tried.has(at)) continue;
      tried.add(at);
      const other = owner.get(at);
      if (other === undefined || claim(other, tried)) {
        owner.set(at, row);
        return true;
      }
    }
    return false;
  };
  for (let row = 0; row < expected.length; row++) claim(row, new Set());
  const pairs = new Array<number | undefined>(expected.length).fill(undefined);
  for (const [at, row] of owner) pairs[row] = at;
  return pairs;
}

/** The expected row that was probably meant: the one with the most equal cells, if there are any or `anyRow`; the first of those. */
function nearest(actual: WrittenRow, expected: ReadonlySet<TestRow>, typeOf: TypeOf, anyRow: boolean): TestRow | null {
  let best: TestRow | null = null;
  let equalCells = anyRow ? -1 : 0;
  for (const row of expected) {
    const cells = Object.keys(row.values).length - differences(row, actual, typeOf).length;
    if (cells > equalCells) [best, equalCells] = [row, cells];
  }
  return best;
}
