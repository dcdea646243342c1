import { branchOf, definite, isUnion, type Column, type TestRow, type Type, type Value } from '@rta/dsl';
import { showValue, type TestFailure } from '@rta/runtime';

/** Rows that are other than expected. */
export type RowsFailure = Extract<TestFailure, { kind: 'rows' }>;
type Found = NonNullable<RowsFailure['pairs'][number]['actual']>;

/** The cells of a row as a test names them: the columns that other rows name too, or all; of a tombstone its key. */
function cellsOf({ row, deleted }: Found, { columns }: RowsFailure): readonly (Column & { readonly value: Value })[] {
  const cells = columns.flatMap(({ name, type }) => (Object.hasOwn(row, name) ? [{ name, type, value: row[name] }] : []));
  return deleted ? [...cells, { name: '$deleted', type: { kind: 'boolean' }, value: true }] : cells;
}

/** `{ user_id: ann, total: 3 }` */
export function yamlRow(actual: Found, failure: RowsFailure): string {
  return `{ ${cellsOf(actual, failure)
    .map(({ name, type, value }) => `${name}: ${showValue(type, value)}`)
    .join(', ')} }`;
}

/** A new value in the place of a written one, which says the digits. */
export function yamlCell(name: string, expected: TestRow, actual: Found, { columns }: RowsFailure): string {
  const column = columns.find((each) => each.name === name)!;
  const value = Object.hasOwn(actual.row, name) ? actual.row[name] : null;
  const digits = expected.values[name]?.digits ?? null;
  if (typeof value === 'number' && digits !== null && digits <= 20 && Number.isFinite(value)) return value.toFixed(digits);
  return showValue(column.type, value);
}

/** `{"user_id":"ann","total":3}`; `only` names the columns, if given. */
export function jsonRow(actual: Found, failure: RowsFailure, only?: ReadonlySet<string>): string {
  const cells = cellsOf(actual, failure).filter(({ name }) => only === undefined || only.has(name));
  return `{${cells.map(({ name, type, value }) => `${JSON.stringify(name)}:${jsonValue(type, value)}`).join(',')}}`;
}

function jsonValue(type: Type, value: Value): string {
  if (value === null) return 'null';
  const of = definite(type);
  switch (of.kind) {
    case 'array':
      return `[${(value as readonly Value[]).map((item) => jsonValue(of.items, item)).join(',')}]`;
    case 'map':
      return `{${[...(value as ReadonlyMap<string, Value>)].map(([key, item]) => `${JSON.stringify(key)}:${jsonValue(of.values, item)}`).join(',')}}`;
    case 'record': {
      if (isUnion(of)) {
        const held = branchOf(of, value);
        return `{${JSON.stringify(of.fields[held.branch].name)}:${jsonValue(held.type, held.value)}}`;
      }
      const row = value as Readonly<Record<string, Value>>;
      return `{${of.fields.map((field) => `${JSON.stringify(field.name)}:${jsonValue(field.type, row[field.name])}`).join(',')}}`;
    }
    case 'boolean':
    case 'int':
    case 'long':
    case 'decimal':
      return showValue(of, value);
    case 'float':
    case 'double':
      return Number.isFinite(value) ? showValue(of, value) : JSON.stringify(showValue(of, value));
    case 'string':
    case 'enum':
      return JSON.stringify(value);
    case 'bytes':
      return JSON.stringify(Buffer.from(value as Uint8Array).toString('utf8'));
    default:
      return JSON.stringify(showValue(of, value));
  }
}
