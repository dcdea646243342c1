/** What a rollup works out, as SQL of DuckDB: the expressions that the compiler lets through. */
import { type Accumulator, definite, type Rollup, showDecimal, STORE_TIME, type TypedExpr } from '@rta/dsl';
import { columnType } from './column-types.js';
import { quoted, text } from './statements.js';

/** The span of event time of a row of a rollup. */
export const [START, END] = ['window_start', 'window_end'];

/** Where the span begins that the time `of`, in SQL, is in. */
export function spanStart({ everyMs }: Rollup, of: string): string {
  const every = `${String(everyMs * 1000)}::BIGINT`;
  // Times before 1970 are negative.
  return `make_timestamp(epoch_us(${of}) - ((epoch_us(${of}) % ${every}) + ${every}) % ${every})`;
}

interface Selected {
  readonly name: string;
  /** In DuckDB. */
  readonly type: string;
  readonly sql: string;
}

/** The columns of a rollup: the group, the span, the aggregates. */
export function selected(rollup: Rollup): readonly Selected[] {
  const start = spanStart(rollup, STORE_TIME);
  const accumulators = rollup.accumulators.map(accumulatorSql);
  const column = ({ name, expr }: Rollup['results'][number]): Selected => {
    const type = columnType(expr.type).type.toString();
    return { name, type, sql: `TRY_CAST(${sqlOf(expr, accumulators)} AS ${type})` };
  };
  return [
    ...rollup.group.map(column),
    { name: START, type: 'TIMESTAMP', sql: start },
    { name: END, type: 'TIMESTAMP', sql: `make_timestamp(epoch_us(${start}) + ${String(rollup.everyMs * 1000)})` },
    ...rollup.results.map(column),
  ];
}

function accumulatorSql({ fn, arg, where, type }: Accumulator): string {
  const of = arg === null ? '*' : sqlOf(arg);
  const only = where === null ? '' : ` FILTER (WHERE ${sqlOf(where)})`;
  switch (fn) {
    case 'count':
      return `count(${of})${only}`;
    case 'distinct':
      return `count(DISTINCT ${of})${only}`;
    case 'approxDistinct':
      return `approx_count_distinct(${of})${only}`;
    case 'sum':
      // What longs come to is wider than they are; doubles are added without what each addition would lose.
      return definite(type).kind === 'double' ? `coalesce(fsum(${of}::DOUBLE)${only}, 0)` : `coalesce(sum(${of})${only}, 0)`;
    case 'min':
    case 'max':
      return `${fn}(${of})${only}`;
    default:
      throw new Error(`a rollup cannot have ${fn}`);
  }
}

/** @param accumulators in SQL, by their index */
function sqlOf(expr: TypedExpr, accumulators: readonly string[] = []): string {
  const sql = (part: TypedExpr): string => sqlOf(part, accumulators);
  switch (expr.kind) {
    case 'literal':
      return literalSql(expr);
    case 'column':
      return quoted(expr.name);
    case 'meta':
      return STORE_TIME;
    case 'accumulator':
      return accumulators[expr.index];
    case 'field':
      return `struct_extract(${sql(expr.of)}, ${text(expr.field)})`;
    case 'unary':
      return expr.op === 'not' ? `(NOT ${sql(expr.operand)})` : `(-${sql(expr.operand)})`;
    case 'cast':
      return `TRY_CAST(${sql(expr.operand)} AS ${columnType(expr.type).type.toString()})`;
    case 'in': {
      const any = expr.options.map((option) => `${sql(expr.operand)} IS NOT DISTINCT FROM ${sql(option)}`).join(' OR ');
      return `(${expr.negated ? 'NOT ' : ''}(${any === '' ? 'false' : any}))`;
    }
    case 'binary':
      return binarySql(expr.op, sql(expr.left), sql(expr.right));
    case 'index':
    case 'call':
      throw new Error(`a rollup cannot have ${expr.kind}`);
  }
}

function binarySql(op: Extract<TypedExpr, { readonly kind: 'binary' }>['op'], left: string, right: string): string {
  switch (op) {
    case '==':
      return `(${left} IS NOT DISTINCT FROM ${right})`;
    case '!=':
      return `(${left} IS DISTINCT FROM ${right})`;
    case '??':
      return `coalesce(${left}, ${right})`;
    case '/':
      return `(${left}::DOUBLE / nullif(${right}::DOUBLE, 0))`;
    default:
      return `(${left} ${op.toUpperCase()} ${right})`;
  }
}

function literalSql({ value, type: nullable }: Extract<TypedExpr, { readonly kind: 'literal' }>): string {
  const type = definite(nullable);
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'object') throw new Error(`a rollup cannot have a literal of ${type.kind}`);
  const { type: column } = columnType(type);
  switch (type.kind) {
    case 'timestamp':
      return `make_timestamp(${String(Math.round(Number(value) * 1000))}::BIGINT)`;
    case 'date':
      return `(DATE '1970-01-01' + ${String(value)})`;
    case 'decimal':
      return `CAST('${showDecimal(value as bigint, type.scale)}' AS ${column.toString()})`;
    default:
      return `CAST(${text(String(value))} AS ${column.toString()})`;
  }
}
