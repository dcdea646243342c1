/**
 * A checked expression as JavaScript source, with the semantics of `TypedExpr` exactly. What types make safe is written out (arithmetic on
 * longs that stays within 53 bits, comparisons, logic, texts compared as bytes); everything else calls the language's own evaluator for that
 * one node, so there is one definition of what it means.
 *
 * The source is one JavaScript expression. It refers only to the scope's operands, to constants by name and to temporaries of its own.
 */
import { calleeOf, compareStrings, isStrict, type MetaName, type Type, type TypedExpr, type Value } from '@rta/dsl';
import { type Code, literal } from './generate/code.js';
import { mayThrow } from '../plan/may-throw.js';
import { definiteType, isNullable, type Operand } from './generate/operand.js';
import { nodeRuntime } from './run/expression-runtime.js';
import { equalBytes } from './run/strings.js';

/** What the names of an expression mean where it stands. */
export interface ExpressionScope {
  column(name: string): Operand;
  meta(name: MetaName, type: Type): string;
  accumulator(index: number): Operand;
}

/** Nesting beyond this does not compile; the checker's own limit is far below. */
const MAX_DEPTH = 200;
/** An `in` with more options than this looks them up in a set. */
const MAX_CHAIN = 8;
/** Literals up to this many bytes are compared byte by byte in the source. */
const MAX_INLINE_BYTES = 16;
const SIMPLE = /^(?:-?[\w$]+|[\w$]+(?:\.[\w$]+)+)$/;
/** Types whose values JavaScript's own operators compare as the language does. */
const COMPARED: ReadonlySet<string> = new Set(['int', 'long', 'float', 'double', 'decimal', 'timestamp', 'date', 'duration']);
const utf8 = new TextEncoder();

/** Source of the expression's value (a `Value`). */
export function expressionSource(expr: TypedExpr, scope: ExpressionScope, code: Code): string {
  return new Compiler(scope, code).value(expr, 0);
}

/** Source that is true where the expression is true (neither false nor null). */
export function conditionSource(expr: TypedExpr, scope: ExpressionScope, code: Code): string {
  return new Compiler(scope, code).condition(expr, 0);
}

function isFloating(type: Type): boolean {
  return definiteType(type).kind === 'double';
}

class Compiler {
  constructor(
    private readonly scope: ExpressionScope,
    private readonly code: Code,
  ) {}

  value(expr: TypedExpr, depth: number): string {
    if (depth > MAX_DEPTH) throw new Error(`an expression nests deeper than ${MAX_DEPTH} levels`);
    const next = depth + 1;
    switch (expr.kind) {
      case 'literal':
        return this.literal(expr.value);
      case 'column':
        return this.operandValue(expr, this.scope.column(expr.name));
      case 'accumulator':
        return this.operandValue(expr, this.scope.accumulator(expr.index));
      case 'meta':
        return this.scope.meta(expr.name, expr.type);
      case 'field':
        return this.field(expr, next);
      case 'index':
        return this.node(expr, [expr.of, expr.index], next);
      case 'unary':
        return this.unary(expr, next);
      case 'binary':
        return this.binary(expr, next);
      case 'in':
        return this.in(expr, next);
      case 'cast':
        return this.cast(expr, next);
      case 'call':
        return expr.fn === 'if' ? this.choice(expr, next) : this.call(expr, next);
    }
  }

  condition(expr: TypedExpr, depth: number): string {
    if (
      expr.kind === 'binary' &&
      (expr.op === 'and' || expr.op === 'or') &&
      (expr.op === 'or' || !isNullable(expr.left.type) || !mayThrow(expr.right))
    ) {
      // Of Kleene's logic only "true" matters here, so nulls may count as false (where that skips no error on the right side).
      const op = expr.op === 'and' ? '&&' : '||';
      return `(${this.condition(expr.left, depth + 1)} ${op} ${this.condition(expr.right, depth + 1)})`;
    }
    const source = this.value(expr, depth);
    return isNullable(expr.type) ? `(${source} === true)` : source;
  }

  private operandValue(expr: TypedExpr, operand: Operand): string {
    return isNullable(expr.type) ? operand.value : operand.definite;
  }

  private literal(value: Value): string {
    if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return literal(value);
    if (typeof value === 'bigint') return `${value < 0n ? '(' : ''}${value}n${value < 0n ? ')' : ''}`;
    return this.code.constant(value);
  }

  /** Puts a value into a variable where it is to be used more than once: [code to evaluate first, name]. */
  private held(source: string): readonly [string, string] {
    if (SIMPLE.test(source)) return ['', source];
    const name = this.code.local('t');
    return [`${name} = ${source}, `, name];
  }

  /** Evaluates all operands, then gives null if one of them is null, else `body` of their names. */
  private strict(operands: readonly TypedExpr[], depth: number, body: (names: readonly string[]) => string): string {
    const held = operands.map((operand) => this.held(this.value(operand, depth)));
    const names = held.map(([, name]) => name);
    const nulls = names.filter((_, i) => isNullable(operands[i].type)).map((name) => `${name} === null`);
    const result = body(names);
    return `(${held.map(([first]) => first).join('')}${nulls.length > 0 ? `${nulls.join(' || ')} ? null : ` : ''}${result})`;
  }

  /** The evaluator's own function of this node, called with the operands' values. */
  private node(expr: TypedExpr, operands: readonly TypedExpr[], depth: number): string {
    const runtime = this.code.constant(nodeRuntime(expr));
    return `${runtime}(${operands.map((operand) => this.value(operand, depth)).join(', ')})`;
  }

  /** The library's function, its literals read already, called with the arguments. */
  private call(expr: TypedExpr & { kind: 'call' }, depth: number): string {
    const callee = this.code.constant(calleeOf(expr));
    if (!isStrict(expr.fn)) return `${callee}(${expr.args.map((arg) => this.value(arg, depth)).join(', ')})`;
    return this.strict(expr.args, depth, (names) => `${callee}(${names.join(', ')})`);
  }

  private field(expr: TypedExpr & { kind: 'field' }, depth: number): string {
    return this.strict([expr.of], depth, ([record]) => `${record}[${literal(expr.field)}]`);
  }

  private unary(expr: TypedExpr & { kind: 'unary' }, depth: number): string {
    if (expr.op === 'not') return this.strict([expr.operand], depth, ([operand]) => `!${operand}`);
    if (isFloating(expr.type)) return this.strict([expr.operand], depth, ([operand]) => `-(${operand})`);
    return this.node(expr, [expr.operand], depth);
  }

  private binary(expr: TypedExpr & { kind: 'binary' }, depth: number): string {
    const { op, left, right } = expr;
    switch (op) {
      case 'and':
      case 'or':
        return this.logic(expr, depth);
      case '??': {
        if (!isNullable(left.type)) return this.value(left, depth);
        return `(${this.value(left, depth)} ?? ${this.value(right, depth)})`;
      }
      case '==':
      case '!=':
        return this.equality(op === '==', left, right, depth) ?? this.node(expr, [left, right], depth);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.comparison(op, left, right, depth) ?? this.node(expr, [left, right], depth);
      default:
        return this.arithmetic(expr, depth) ?? this.node(expr, [left, right], depth);
    }
  }

  /** Kleene's: null and false = false, null or true = true. */
  private logic(expr: TypedExpr & { kind: 'binary' }, depth: number): string {
    const { op, left, right } = expr;
    const and = op === 'and';
    if (!isNullable(left.type) && !isNullable(right.type))
      return `(${this.value(left, depth)} ${and ? '&&' : '||'} ${this.value(right, depth)})`;
    const decided = and ? 'false' : 'true';
    const [first, l] = this.held(this.value(left, depth));
    const [second, r] = this.held(this.value(right, depth));
    return `(${first}${l} === ${decided} ? ${decided} : (${second}${r} === ${decided} ? ${decided} : ${l} === null || ${r} === null ? null : ${and ? 'true' : 'false'}))`;
  }

  /** Null-safe equality; null where the types need the evaluator. */
  private equality(positive: boolean, left: TypedExpr, right: TypedExpr, depth: number): string | null {
    if (isNullLiteral(right)) return this.nullTest(left, positive, depth);
    if (isNullLiteral(left)) return this.nullTest(right, positive, depth);
    const bytes = this.textEquality(positive, left, right) ?? this.textEquality(positive, right, left);
    if (bytes !== null) return bytes;
    const kind = definiteType(left.type).kind;
    if (kind !== definiteType(right.type).kind && !(isText(left.type) && isText(right.type))) return null;
    // Canonical longs and decimals are equal just when they are identical, doubles by IEEE's rules.
    if (!COMPARED.has(kind) && !['boolean', 'string', 'enum'].includes(kind)) return null;
    if (kind === 'decimal' && !sameScale(left.type, right.type)) return null;
    return `(${this.value(left, depth)} ${positive ? '===' : '!=='} ${this.value(right, depth)})`;
  }

  private nullTest(expr: TypedExpr, positive: boolean, depth: number): string {
    if (!isNullable(expr.type)) return positive ? 'false' : 'true';
    if (expr.kind === 'column') {
      const { isNull } = this.scope.column(expr.name);
      return isNull === null ? literal(!positive) : positive ? isNull : `!${isNull}`;
    }
    return `(${this.value(expr, depth)} ${positive ? '===' : '!=='} null)`;
  }

  /** `column == "literal"` where the column's bytes are at hand: no string is made. */
  private textEquality(positive: boolean, column: TypedExpr, text: TypedExpr): string | null {
    if (column.kind === 'cast' && definiteType(column.type).kind === 'string') return this.textEquality(positive, column.operand, text);
    if (column.kind !== 'column' || text.kind !== 'literal' || typeof text.value !== 'string') return null;
    const operand = this.scope.column(column.name);
    if (operand.text === null || definiteType(operand.type).kind !== 'string') return null;
    const { bytes, start, end } = operand.text;
    const wanted = utf8.encode(text.value);
    // A lone surrogate has no UTF-8.
    if (new TextDecoder().decode(wanted) !== text.value) return null;
    const tests = [`${end} - ${start} === ${wanted.length}`];
    if (operand.isNull !== null) tests.unshift(`!${operand.isNull}`);
    if (wanted.length <= MAX_INLINE_BYTES)
      for (const [i, byte] of wanted.entries()) tests.push(`${bytes}[${start}${i === 0 ? '' : ` + ${i}`}] === ${byte}`);
    else tests.push(`${this.code.constant(equalBytes)}(${bytes}, ${start}, ${end}, ${this.code.constant(wanted)}, 0, ${wanted.length})`);
    return `${positive ? '' : '!'}(${tests.join(' && ')})`;
  }

  private comparison(op: string, left: TypedExpr, right: TypedExpr, depth: number): string | null {
    const kind = definiteType(left.type).kind;
    if (isText(left.type) && isText(right.type))
      return this.strict([left, right], depth, ([l, r]) => `${this.code.constant(compareStrings)}(${l}, ${r}) ${op} 0`);
    if (kind !== definiteType(right.type).kind) return null;
    // JavaScript compares a number with a bigint by value.
    if (!COMPARED.has(kind) || (kind === 'decimal' && !sameScale(left.type, right.type))) return null;
    return this.strict([left, right], depth, ([l, r]) => `${l} ${op} ${r}`);
  }

  private arithmetic(expr: TypedExpr & { kind: 'binary' }, depth: number): string | null {
    const { op, left, right } = expr;
    const kinds = [definiteType(left.type).kind, definiteType(right.type).kind];
    if (kinds.every((kind) => kind === 'double') && isFloating(expr.type))
      return this.strict([left, right], depth, ([l, r]) =>
        op === '/' || op === '%' ? `${r} === 0 ? null : ${l} ${op} ${r}` : `${l} ${op} ${r}`,
      );
    if (!kinds.every((kind) => kind === 'long' || kind === 'int') || op === '/' || op === '%') return null;
    if (!['int', 'long'].includes(definiteType(expr.type).kind)) return null;
    const exact = this.code.constant(nodeRuntime(expr));
    const result = this.code.local('t');
    return this.strict([left, right], depth, ([l, r]) => {
      const numbers = [left, right].flatMap((operand, i) => (isSurelyNumber(operand) ? [] : [`typeof ${[l, r][i]} === 'number'`]));
      const plain = `(${result} = ${l} ${op} ${r}) <= 9007199254740991 && ${result} >= -9007199254740991`;
      // Of a product, -0 is 0.
      return `${[...numbers, plain].join(' && ')} ? ${op === '*' ? `${result} + 0` : result} : ${exact}(${l}, ${r})`;
    });
  }

  private in(expr: TypedExpr & { kind: 'in' }, depth: number): string {
    const { operand, options, negated } = expr;
    const kind = definiteType(operand.type).kind;
    const identical = ['int', 'long', 'double', 'boolean', 'string', 'enum', 'timestamp', 'date'].includes(kind);
    if (!identical || options.some((option) => definiteType(option.type).kind !== kind && !isText(option.type) && !isNullLiteral(option)))
      return this.node(expr, [operand, ...options], depth);
    if (options.length > MAX_CHAIN && kind !== 'double' && options.every((option) => option.kind === 'literal')) {
      const set = this.code.constant(new Set(options.map((option) => (option as { value: Value }).value)));
      return `${negated ? '!' : ''}${set}.has(${this.value(operand, depth)})`;
    }
    const tests = options.map((option) => (operand.kind === 'column' ? this.equality(true, operand, option, depth) : null));
    if (tests.every((test) => test !== null)) return `${negated ? '!' : ''}(${tests.length === 0 ? 'false' : tests.join(' || ')})`;
    const [first, name] = this.held(this.value(operand, depth));
    const chain = options.map((option) => `${name} === ${this.value(option, depth)}`).join(' || ');
    return `(${first}${negated ? '!' : ''}(${chain || 'false'}))`;
  }

  private cast(expr: TypedExpr & { kind: 'cast' }, depth: number): string {
    const from = definiteType(expr.operand.type);
    const to = definiteType(expr.type);
    const same =
      from.kind === to.kind &&
      (from.kind !== 'decimal' || sameScale(from, to)) &&
      from.kind !== 'array' &&
      from.kind !== 'map' &&
      from.kind !== 'record';
    const plain =
      same ||
      from.kind === 'null' ||
      (from.kind === 'int' && (to.kind === 'long' || to.kind === 'double')) ||
      (from.kind === 'float' && to.kind === 'double') ||
      (from.kind === 'enum' && to.kind === 'string');
    if (plain) return this.value(expr.operand, depth);
    if (from.kind === 'long' && to.kind === 'double') return this.strict([expr.operand], depth, ([operand]) => `Number(${operand})`);
    return this.node(expr, [expr.operand], depth);
  }

  /** if(c1, a, c2, b, …, else): only the branch taken is evaluated. */
  private choice(expr: TypedExpr & { kind: 'call' }, depth: number): string {
    const { args } = expr;
    let source = args.length % 2 === 1 ? this.value(args[args.length - 1], depth) : 'null';
    for (let i = args.length - (args.length % 2 === 1 ? 3 : 2); i >= 0; i -= 2)
      source = `(${this.condition(args[i], depth)} ? ${this.value(args[i + 1], depth)} : ${source})`;
    return source;
  }
}

function isText(type: Type): boolean {
  const { kind } = definiteType(type);
  return kind === 'string' || kind === 'enum';
}

function isNullLiteral(expr: TypedExpr): boolean {
  return (expr.kind === 'literal' && expr.value === null) || (expr.kind === 'cast' && isNullLiteral(expr.operand));
}

/** Of an integer expression: not a bigint. */
function isSurelyNumber(expr: TypedExpr): boolean {
  if (definiteType(expr.type).kind === 'int') return true;
  if (expr.kind === 'cast') return isSurelyNumber(expr.operand);
  return expr.kind === 'literal' && typeof expr.value === 'number';
}

function sameScale(a: Type, b: Type): boolean {
  const [x, y] = [definiteType(a), definiteType(b)];
  return x.kind === 'decimal' && y.kind === 'decimal' && x.scale === y.scale;
}
