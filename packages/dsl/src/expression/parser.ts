import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { Ast, CallAst, Over } from './ast.js';
import { tokenize, type Token } from './lexer.js';
import * as messages from './messages.js';
import { joinSpans, spanOf, type ExprSource } from './source.js';
import { foreignOperator, foreignPrefix, foreignWord } from './traps.js';
import type { BinaryOp } from './typed.js';

/** How deep expressions may nest; each link of a chain such as `a + b + c` counts too. */
export const MAX_DEPTH = 200;

/** Binding powers, loosest first: `?? | or | and | not | comparisons, in | + - | * / % | unary | . [] call`. */
const POWER: Readonly<Record<string, number>> = {
  ...{ '??': 1, or: 2, and: 3 },
  ...{ '==': 5, '!=': 5, '<': 5, '<=': 5, '>': 5, '>=': 5, in: 5 },
  ...{ '+': 6, '-': 6, '*': 7, '/': 7, '%': 7 },
};
const NOT_POWER = 4;
const COMPARISON_POWER = 5;
const UNARY_POWER = 8;

/** Words that cannot be column names. */
export const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'true', 'false', 'null']);

export interface ParseResult {
  /** Null if no tree could be made. With errors there may be one all the same (`a && b` is read as `and`). */
  readonly ast: Ast | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a whole text as one expression. Never throws, whatever the text. */
export function parseExpression(from: ExprSource): ParseResult {
  const { tokens, diagnostics } = tokenize(from);
  const parser = new Parser(from, tokens, [...diagnostics]);
  return { ast: parser.parse(), diagnostics: parser.diagnostics };
}

/** Unwinds the parser after it has reported why; does not leave this file. */
class Stop extends Error {}

class Parser {
  private position = 0;
  private nesting = 0;
  /** Inside a `where` a further `where` or `over` belongs to the outer call, unless in parentheses. */
  private inWhere = false;
  private readonly depths = new Map<Ast, number>();

  constructor(
    private readonly from: ExprSource,
    private readonly tokens: readonly Token[],
    readonly diagnostics: Diagnostic[],
  ) {}

  parse(): Ast | null {
    try {
      if (this.tokens.length === 1) this.stop(messages.emptyExpression(this.span(this.token)));
      const ast = this.expression(0);
      if (this.token.kind !== 'end') this.unexpected('end');
      return ast;
    } catch (error) {
      if (error instanceof Stop) return null;
      throw error;
    }
  }

  // ---- Operators ----

  private expression(least: number): Ast {
    if (++this.nesting > MAX_DEPTH) this.stop(messages.tooDeep(this.span(this.token), MAX_DEPTH));
    let left = this.prefix();
    for (;;) {
      const operator = this.operator();
      if (operator === null || operator.power < least) break;
      const opSpan = joinSpans(this.span(this.tokens[this.position]), this.span(this.tokens[this.position + operator.length - 1]));
      this.position += operator.length;
      if (operator.problem) this.diagnostics.push(operator.problem(opSpan));
      left = operator.postfix ? operator.postfix(left, opSpan) : this.binary(left, operator, opSpan);
      this.measure(left, operandsOf(left));
      if (operator.power === COMPARISON_POWER && this.operator()?.power === COMPARISON_POWER) {
        this.stop(messages.chainedComparison(this.span(this.token)));
      }
    }
    this.nesting--;
    return left;
  }

  /** The operator at the cursor: its own, or a foreign one with the message that names the native form. */
  private operator(): Operator | null {
    const { kind, text } = this.token;
    if (kind !== 'op' && kind !== 'word') return null;
    if (text === 'not' && this.next.text === 'in') return { op: 'in', negated: true, power: COMPARISON_POWER, length: 2 };
    if (Object.hasOwn(POWER, text)) return { op: text, negated: false, power: POWER[text], length: 1 };
    const foreign = foreignOperator(this.tokens, this.position);
    if (foreign === null) return null;
    if (foreign.native === null) this.stop(foreign.problem(this.span(this.token)));
    const isNull = foreign.isNull
      ? { postfix: (left: Ast, opSpan: Span): Ast => nullComparison(left, foreign.native as BinaryOp, opSpan) }
      : {};
    const { native: op, negated, length, problem } = foreign;
    return { op, negated, power: POWER[op], length, problem, ...isNull };
  }

  private binary(left: Ast, operator: Operator, opSpan: Span): Ast {
    if (operator.op === 'in') return this.inList(left, operator.negated);
    const right = this.expression(operator.power + 1);
    return { kind: 'binary', op: operator.op as BinaryOp, opSpan, left, right, span: joinSpans(left.span, right.span) };
  }

  private inList(operand: Ast, negated: boolean): Ast {
    const open = this.token;
    if (open.kind === 'word' && startsOperand(open)) {
      const of = this.expression(COMPARISON_POWER + 1);
      return { kind: 'inside', operand, of, negated, span: joinSpans(operand.span, of.span) };
    }
    if (open.text === '(') this.diagnostics.push(messages.listInParentheses(this.span(open)));
    else if (open.text !== '[') this.stop(messages.listExpected(this.span(open)));
    this.position++;
    const close = open.text === '(' ? ')' : ']';
    if (this.token.text === close && this.token.kind === 'op')
      this.stop(messages.emptyList(joinSpans(this.span(open), this.span(this.token))));
    const options = this.list(close);
    return { kind: 'in', operand, options, negated, span: joinSpans(operand.span, this.lastSpan) };
  }

  /** EXPR {, EXPR} CLOSE, with the cursor behind the opening bracket. Inside brackets `where` and `over` are free again. */
  private list(close: string): Ast[] {
    const outer = this.inWhere;
    this.inWhere = false;
    const items: Ast[] = [];
    do items.push(this.expression(0));
    while (this.accept(','));
    this.expect(close);
    this.inWhere = outer;
    return items;
  }

  // ---- Operands ----

  private prefix(): Ast {
    const { token } = this;
    if (token.kind === 'word' && token.text === 'not') return this.not(token);
    if (token.kind === 'op' && token.text === '!') {
      this.diagnostics.push(messages.bang(this.span(token)));
      return this.not(token);
    }
    if (token.kind === 'op' && token.text === '-') {
      this.position++;
      const operand = this.expression(UNARY_POWER);
      const span = joinSpans(this.span(token), operand.span);
      return this.measure(negated(operand, span), [operand]);
    }
    return this.postfix(this.primary());
  }

  private not(token: Token): Ast {
    this.position++;
    const operand = this.expression(NOT_POWER);
    return this.measure({ kind: 'unary', op: 'not', operand, span: joinSpans(this.span(token), operand.span) }, [operand]);
  }

  private postfix(start: Ast): Ast {
    let of = start;
    for (;;) {
      if (this.token.kind !== 'op') return of;
      if (this.accept('.')) of = this.field(of);
      else if (this.accept('[')) {
        const index = this.list(']');
        if (index.length !== 1) this.stop(messages.oneIndex(joinSpans(index[0].span, index[index.length - 1].span)));
        of = this.measure({ kind: 'index', of, index: index[0], span: joinSpans(of.span, this.lastSpan) }, [of, index[0]]);
      } else return of;
    }
  }

  private field(of: Ast): Ast {
    const name = this.token;
    // `other.$time`: of the right side of a join.
    if (name.kind !== 'word' && name.kind !== 'meta') this.unexpected('field');
    this.position++;
    if (this.token.text === '(' && this.token.kind === 'op') this.stop(messages.methodCall(this.span(name), name.text));
    const fieldSpan = this.span(name);
    return this.measure({ kind: 'field', of, field: name.text, fieldSpan, span: joinSpans(of.span, fieldSpan) }, [of]);
  }

  private primary(): Ast {
    const { token } = this;
    const span = this.span(token);
    const foreign = foreignPrefix(this.tokens, this.position);
    if (foreign) this.stop(foreign(span));
    this.position++;
    switch (token.kind) {
      case 'integer':
      case 'double':
        return { kind: token.kind, text: token.text, span };
      case 'duration':
        return { kind: 'duration', ms: token.ms ?? 0, span };
      case 'string':
        return { kind: 'string', value: token.value ?? '', span };
      case 'meta':
        return { kind: 'name', name: token.text, span };
      case 'word':
        return this.word(token, span);
      default:
        if (token.kind === 'op' && token.text === '(') {
          const inner = this.list(')');
          if (inner.length === 1) return inner[0];
          this.stop(messages.tuple(joinSpans(span, this.lastSpan)));
        }
        if (token.kind === 'op' && token.text === '[') return this.array(span);
        this.position--;
        this.unexpected('operand');
    }
  }

  /** With the cursor behind the opening bracket. */
  private array(open: Span): Ast {
    if (this.token.text === ']' && this.token.kind === 'op') this.stop(messages.emptyArray(joinSpans(open, this.span(this.token))));
    const items = this.list(']');
    return this.measure({ kind: 'array', items, span: joinSpans(open, this.lastSpan) }, items);
  }

  private word(token: Token, span: Span): Ast {
    const { text } = token;
    if (text === 'null') return { kind: 'null', span };
    if (text === 'true' || text === 'false') return { kind: 'boolean', value: text === 'true', span };
    if (this.token.kind === 'op' && this.token.text === '(' && !RESERVED.has(text)) return this.call(token, span);
    if (RESERVED.has(text)) {
      this.position--;
      this.unexpected('operand');
    }
    return { kind: 'name', name: text, span };
  }

  private call(name: Token, nameSpan: Span): CallAst {
    this.position++;
    const distinct = this.token.text === 'distinct' && startsOperand(this.next);
    if (distinct) this.position++;
    let args: Ast[] = [];
    if (this.token.text === '*' && this.next.text === ')') {
      this.diagnostics.push(messages.countStar(this.span(this.token), name.text));
      this.position += 2;
    } else if (!this.accept(')')) args = this.list(')');
    const where = !this.inWhere && this.acceptWord('where') ? this.where() : null;
    const over = !this.inWhere && this.acceptWord('over') ? this.over() : null;
    const span = joinSpans(nameSpan, this.lastSpan);
    const call: CallAst = { kind: 'call', name: name.text, nameSpan, distinct, args, where, over, span };
    this.measure(call, where ? [...args, where] : args);
    return call;
  }

  private where(): Ast {
    this.inWhere = true;
    const condition = this.expression(0);
    this.inWhere = false;
    return condition;
  }

  private over(): Over {
    const start = this.lastSpan;
    const previous = this.acceptWord('previous');
    const size = this.token;
    this.position++;
    if (size.kind === 'duration') return { previous, unit: 'ms', size: size.ms ?? 0, span: joinSpans(start, this.lastSpan) };
    if (size.kind === 'integer' && (this.acceptWord('rows') || this.acceptWord('row'))) {
      return { previous, unit: 'rows', size: Number(size.text), span: joinSpans(start, this.lastSpan) };
    }
    return this.stop(messages.overForm(this.span(size)));
  }

  // ---- Cursor ----

  private get token(): Token {
    return this.tokens[Math.min(this.position, this.tokens.length - 1)];
  }

  private get next(): Token {
    return this.tokens[Math.min(this.position + 1, this.tokens.length - 1)];
  }

  private get lastSpan(): Span {
    return this.span(this.tokens[this.position - 1]);
  }

  private span(token: Token): Span {
    return spanOf(this.from, token.start, token.end);
  }

  private accept(op: string): boolean {
    const found = this.token.kind === 'op' && this.token.text === op;
    if (found) this.position++;
    return found;
  }

  private acceptWord(word: string): boolean {
    const found = this.token.kind === 'word' && this.token.text === word;
    if (found) this.position++;
    return found;
  }

  private expect(op: string): void {
    if (!this.accept(op)) this.unexpected(op);
  }

  private unexpected(wanted: string): never {
    const { token } = this;
    if (token.kind === 'bad') throw new Stop();
    const foreign = foreignWord(this.tokens, this.position);
    if (foreign) this.stop(foreign(this.span(token)));
    if (token.kind === 'end') this.stop(messages.unexpectedEnd(this.span(token), wanted));
    return this.stop(messages.unexpectedToken(this.span(token), token.text, wanted, RESERVED.has(token.text)));
  }

  private stop(problem: Diagnostic): never {
    this.diagnostics.push(problem);
    throw new Stop();
  }

  /** Records how deep a node is, which bounds the recursion of all that walk the tree. */
  private measure(ast: Ast, children: readonly Ast[]): Ast {
    let depth = 1;
    for (const child of children) depth = Math.max(depth, 1 + (this.depths.get(child) ?? 1));
    if (depth > MAX_DEPTH) this.stop(messages.tooDeep(ast.span, MAX_DEPTH));
    this.depths.set(ast, depth);
    return ast;
  }
}

interface Operator {
  /** The native operator. */
  readonly op: string;
  readonly negated: boolean;
  readonly power: number;
  /** In tokens. */
  readonly length: number;
  /** What to report: the operator is one of another language. */
  readonly problem?: (span: Span) => Diagnostic;
  /** Builds the node of an operator without a right side (`is null`). */
  readonly postfix?: (left: Ast, opSpan: Span) => Ast;
}

function operandsOf(ast: Ast): readonly Ast[] {
  if (ast.kind === 'binary') return [ast.left, ast.right];
  if (ast.kind === 'inside') return [ast.operand, ast.of];
  return ast.kind === 'in' ? [ast.operand, ...ast.options] : [];
}

function nullComparison(left: Ast, op: BinaryOp, opSpan: Span): Ast {
  return { kind: 'binary', op, opSpan, left, right: { kind: 'null', span: opSpan }, span: joinSpans(left.span, opSpan) };
}

/** A minus in front of a literal becomes part of it, so that the least long can be written. */
function negated(operand: Ast, span: Span): Ast {
  if (operand.kind === 'integer' || operand.kind === 'double') {
    return { ...operand, text: operand.text.startsWith('-') ? operand.text.slice(1) : `-${operand.text}`, span };
  }
  if (operand.kind === 'duration') return { ...operand, ms: 0 - operand.ms, span };
  return { kind: 'unary', op: '-', operand, span };
}

function startsOperand(token: Token): boolean {
  if (token.kind === 'op') return token.text === '(' || token.text === '-';
  if (token.kind === 'word') return !['and', 'or', 'in'].includes(token.text);
  return token.kind !== 'end' && token.kind !== 'bad';
}
