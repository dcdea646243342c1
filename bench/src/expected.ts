/** What a run must have left in its output topic, and how a run's rows are held against it. */
export type Row = Readonly<Record<string, unknown>>;

export interface Expected {
  /** How many rows there should be. */
  readonly size: number;
  /** For the rows of one run. */
  tally(): Tally;
}

/** Takes the rows of an output topic: of a table the last one of each key, of a stream all. */
interface Tally {
  take(row: Row): void;
  /** What is wrong, a line each; none: nothing. To be asked once, when all rows were taken. */
  differences(): Generator<string, void, undefined>;
}

/**
 * Rows of a table by key, as texts or numbers.
 * @param entryOf key and value of a row, in the form of those of `rows`
 */
export function expectTable<Value extends number | string>(
  rows: ReadonlyMap<string, Value>,
  entryOf: (row: Row) => readonly [string, Value],
): Expected {
  return {
    size: rows.size,
    tally: () => {
      const found = new Map<string, Value>();
      return {
        take: (row) => void found.set(...entryOf(row)),
        *differences() {
          for (const [key, value] of rows) if (found.get(key) !== value) yield `${key}: ${found.get(key) ?? 'missing'}, not ${value}`;
          for (const key of found.keys()) if (!rows.has(key)) yield `${key}: should not be there`;
        },
      };
    },
  };
}

/**
 * A number by index, for tables larger than maps are.
 * @param values NaN where there should be no row
 * @param entryOf index and number of a row
 * @param nameOf of an index, for messages
 */
export function expectNumbers(
  values: Float64Array,
  entryOf: (row: Row) => readonly [number, number],
  nameOf: (index: number) => string,
): Expected {
  return {
    size: values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0),
    tally: () => {
      const found = new Float64Array(values.length).fill(NaN);
      const strange: string[] = [];
      return {
        take: (row) => {
          const [index, value] = entryOf(row);
          if (index in found) found[index] = value;
          else strange.push(`${JSON.stringify(row)}: should not be there`);
        },
        *differences() {
          for (const [index, value] of values.entries())
            if (!Object.is(found[index], value)) yield `${nameOf(index)}: ${textOf(found[index])}, not ${textOf(value)}`;
          yield* strange;
        },
      };
    },
  };
}

function textOf(value: number): string {
  return Number.isNaN(value) ? 'missing' : String(value);
}
