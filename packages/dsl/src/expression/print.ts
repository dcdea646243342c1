import type { Ast, CallAst } from './ast.js';
import { showDuration } from './duration.js';

/** Binding powers as in the parser; what binds looser than its place wants gets parentheses. */
const POWER: Readonly<Record<string, number>> = {
  ...{ '??': 1, or: 2, and: 3, not: 4 },
  ...{ '==': 5, '!=': 5, '<': 5, '<=': 5, '>': 5, '>=': 5, in: 5 },
  ...{ '+': 6, '-': 6, '*': 7, '/': 7, '%': 7 },
};
const UNARY = 8;
const POSTFIX = 9;

/** The text of an expression, with as few parentheses as it takes: `parseExpression` of it gives the same tree (spans apart). */
export function printExpression(ast: Ast): string {
  return print(ast, 0);
}

function print(ast: Ast, least: number): string {
  const [text, power] = printed(ast);
  return power < least ? `(${text})` : text;
}

function printed(ast: Ast): readonly [string, number] {
  switch (ast.kind) {
    case 'null':
      return ['null', POSTFIX];
    case 'boolean':
      return [String(ast.value), POSTFIX];
    case 'integer':
    case 'double':
      return [ast.text, ast.text.startsWith('-') ? UNARY : POSTFIX];
    case 'duration':
      return [showDuration(ast.ms), ast.ms < 0 ? UNARY : POSTFIX];
    case 'string':
      return [quotedText(ast.value), POSTFIX];
    case 'name':
      return [ast.name, POSTFIX];
    case 'field':
      return [`${print(ast.of, POSTFIX)}.${ast.field}`, POSTFIX];
    case 'index':
      return [`${print(ast.of, POSTFIX)}[${print(ast.index, 0)}]`, POSTFIX];
    case 'unary':
      return ast.op === 'not' ? [`not ${print(ast.operand, POWER.not)}`, POWER.not] : [`-${minusSafe(print(ast.operand, UNARY))}`, UNARY];
    case 'binary': {
      const power = POWER[ast.op];
      // Comparisons do not chain, so neither side of one is a bare comparison.
      const left = power === POWER['=='] ? power + 1 : power;
      return [`${print(ast.left, left)} ${ast.op} ${print(ast.right, power + 1)}`, power];
    }
    case 'in':
      return [
        `${print(ast.operand, POWER.in + 1)} ${ast.negated ? 'not in' : 'in'} [${ast.options.map((option) => print(option, 0)).join(', ')}]`,
        POWER.in,
      ];
    case 'inside':
      return [`${print(ast.operand, POWER.in + 1)} ${ast.negated ? 'not in' : 'in'} ${print(ast.of, POWER.in + 1)}`, POWER.in];
    case 'array':
      return [`[${ast.items.map((item) => print(item, 0)).join(', ')}]`, POSTFIX];
    case 'call':
      return printedCall(ast);
  }
}

/** A call with `where` or `over` takes all that follows, so it stands alone or in parentheses. */
function printedCall(ast: CallAst): readonly [string, number] {
  const args = ast.args.map((arg) => print(arg, 0));
  // `distinct [0]` is an item of a column of that name.
  if (ast.distinct && args[0].startsWith('[')) args[0] = `(${args[0]})`;
  const call = `${ast.name}(${ast.distinct ? 'distinct ' : ''}${args.join(', ')})`;
  const where = ast.where ? ` where ${print(ast.where, 1)}` : '';
  const over = ast.over
    ? ` over ${ast.over.previous ? 'previous ' : ''}${ast.over.unit === 'rows' ? `${ast.over.size} rows` : showDuration(ast.over.size)}`
    : '';
  return [call + where + over, where || over ? 0 : POSTFIX];
}

function minusSafe(operand: string): string {
  return operand.startsWith('-') ? `(${operand})` : operand;
}

/** A text in double quotes, as expressions write it. */
export function quotedText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
}
