import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote, warningMessage } from '../diagnostics/message.js';
import type { UnsupportedField } from '../types/avro.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { showDuration } from './duration.js';
import { didYouMean } from './suggest.js';

/* What is said of names (RTA11xx), types (RTA12xx) and aggregates (RTA13xx) in an expression: one function per message. */

// ---- Names ----

export const unknownColumn = errorMessage(
  'RTA1101',
  'an unknown column',
  (span: Span, name: string, known: readonly string[], hint?: string) => ({
    span,
    message: `there is no column \`${name}\` here`,
    help:
      hint ??
      didYouMean(name, known) ??
      (known.length > 0 ? `there ${known.length === 1 ? 'is' : 'are'} ${listing(known.map(quote), 'and')}` : undefined),
  }),
);

export const unknownMeta = errorMessage('RTA1102', 'an unknown metadata column', (span: Span, name: string, known: readonly string[]) => ({
  span,
  message: `there is no \`${name}\` here`,
  help:
    didYouMean(name, known) ??
    (known.length > 0 ? `there are ${listing(known.map(quote), 'and')}` : 'metadata belong to the records of a stream'),
}));

export const unknownField = errorMessage('RTA1103', 'an unknown field', (span: Span, name: string, of: Type, known: readonly string[]) => ({
  span,
  message: `${showType(of)} has no field \`${name}\``,
  help: didYouMean(name, known) ?? (known.length > 0 ? `it has ${listing(known.map(quote), 'and')}` : undefined),
}));

export const noFields = errorMessage('RTA1104', 'a field of what is no record', (span: Span, name: string, type: Type, hint?: string) => ({
  span,
  message: `${showType(type)} has no fields, so no \`${name}\``,
  help: hint ?? fieldHelp(name, type),
}));

function fieldHelp(name: string, { kind }: Type): string | undefined {
  if (kind === 'map') return `a map's values are \`x["${name}"]\``;
  if (kind === 'array') return 'an item of an array is `x[0]`';
  return kind === 'string' ? `a field of JSON in a text is \`jsonString(x, "$.${name}")\`` : undefined;
}

export const unsupportedField = errorMessage(
  'RTA1105',
  'a field whose type the language does not read',
  (span: Span, field: UnsupportedField) => ({
    span,
    message: field.message,
    help: field.help,
  }),
);

export const unknownFunction = errorMessage(
  'RTA1106',
  'an unknown function',
  (span: Span, name: string, known: readonly string[], native?: string) => ({
    span,
    message: `there is no function \`${name}\``,
    help: native ?? didYouMean(name, known, (found) => `\`${found}()\``),
  }),
);

export const unknownSymbol = errorMessage(
  'RTA1107',
  'a value that the enum does not have',
  (span: Span, text: string, type: Type & { kind: 'enum' }) => ({
    span,
    message: `"${text}" is none of the symbols of ${showType(type)}`,
    help:
      didYouMean(text, type.symbols, (symbol) => `"${symbol}"`) ??
      (type.symbols.length > 0
        ? `it has ${listing(
            type.symbols.map((symbol) => `"${symbol}"`),
            'and',
          )}`
        : undefined),
  }),
);

// ---- Types ----

export const incomparable = errorMessage(
  'RTA1201',
  'values that cannot be compared',
  (span: Span, left: Type, right: Type, help?: string) => ({
    span,
    message: `cannot compare ${showType(left)} with ${showType(right)}`,
    help,
  }),
);

export const noArithmetic = errorMessage(
  'RTA1202',
  'operands that an operator does not take',
  (span: Span, op: string, left: Type, right: Type, help?: string) => ({
    span,
    message: `\`${op}\` is not defined on ${showType(left)} and ${showType(right)}`,
    help,
  }),
);

export const notNegatable = errorMessage('RTA1203', '`-` of what is no number', (span: Span, type: Type) => ({
  span,
  message: `\`-\` is not defined on ${showType(type)}`,
}));

export const notBoolean = errorMessage(
  'RTA1204',
  'a condition that is no boolean',
  (span: Span, what: string, type: Type, help?: string) => ({
    span,
    message: `${what} takes a boolean, this is ${showType(type)}`,
    help: help ?? (['int', 'long', 'float', 'double', 'decimal'].includes(type.kind) ? 'compare it: `x != 0`' : undefined),
  }),
);

export const nullableCondition = errorMessage(
  'RTA1205',
  'a condition that may be null',
  (span: Span, what: string, path: string | null) => ({
    span,
    message: `${what} must be true or false, and this may be null`,
    help:
      path === null
        ? 'say what null means: `(…) ?? false`'
        : `say what null means: \`(…) ?? false\`, or exclude it: \`${path} != null and …\``,
  }),
);

export const notOrdered = errorMessage('RTA1206', 'values without an order', (span: Span, op: string, type: Type) => ({
  span,
  message: `\`${op}\` is not defined on ${showType(type)}`,
  help: 'numbers, texts, times and booleans have an order; others are compared by `==` and `!=`',
}));

export const orderOfNull = errorMessage('RTA1207', 'null where a value is compared', (span: Span, op: string) => ({
  span,
  message: `\`${op}\` with null is always null`,
  help: 'only `==` and `!=` compare with null',
}));

export const notIndexable = errorMessage('RTA1208', 'an index into what has no items', (span: Span, type: Type) => ({
  span,
  message: `${showType(type)} has no items`,
  help: type.kind === 'record' ? 'a field is `x.name`' : type.kind === 'string' ? 'a part of a text is `substring(x, 0, 1)`' : undefined,
}));

export const wrongIndex = errorMessage('RTA1209', 'an index of the wrong type', (span: Span, of: Type, wanted: string, found: Type) => ({
  span,
  message: `the index of ${showType(of)} is ${wanted}, not ${showType(found)}`,
}));

export const notSearchable = errorMessage('RTA1216', '`in` of what has no items', (span: Span, type: Type) => ({
  span,
  message: `\`in\` takes a list, an array or a map, and this is ${showType(type)}`,
  help: type.kind === 'string' ? 'whether a text has another in it: `contains(text, part)`' : 'one value is compared by `==`',
}));

export const wrongItem = errorMessage(
  'RTA1217',
  'an item of a type that the array does not have',
  (span: Span, of: Type, found: Type, help?: string) => ({
    span,
    message: `${of.kind === 'map' ? 'the keys of a map are texts' : `this is looked for in ${showType(of)}`}, and it is ${showType(found)}`,
    help,
  }),
);

export const numberRange = errorMessage('RTA1210', 'an integer beyond 64 bits', (span: Span, text: string) => ({
  span,
  message: `${text} does not fit a long (64 bits)`,
  help: `as a double: \`${text}.0\``,
}));

export const doubleRange = errorMessage('RTA1211', 'a number beyond the doubles', (span: Span, text: string) => ({
  span,
  message: `${text} does not fit a double`,
}));

export const divisionByZero = errorMessage('RTA1212', 'a division by zero', (span: Span, op: string) => ({
  span,
  message: `\`${op}\` by zero is always null`,
}));

export const decimalWidth = errorMessage('RTA1213', 'a decimal with too many digits', (span: Span, type: Type, limit: number) => ({
  span,
  message: `the result would be ${showType(type)}, and decimals have at most ${limit} digits`,
  help: 'round a side first: `round(x, 2)`',
}));

export const noCommonType = errorMessage(
  'RTA1214',
  'values without a common type',
  (span: Span, what: string, left: Type, right: Type, help?: string) => ({
    span,
    message: `${what} must have one type, and these are ${showType(left)} and ${showType(right)}`,
    help,
  }),
);

export const nullColumn = errorMessage('RTA1215', 'a column that is always null', (span: Span) => ({
  span,
  message: 'this is always null, so the column has no type',
}));

// ---- Calls ----

export const argumentCount = errorMessage('RTA1220', 'a wrong number of arguments', (span: Span, signature: string, found: number) => ({
  span,
  message: `${found === 0 ? 'no argument' : found === 1 ? 'one argument' : `${found} arguments`} given to \`${signature}\``,
}));

export const wrongArgument = errorMessage(
  'RTA1221',
  'an argument of the wrong type',
  (span: Span, signature: string, wanted: string, found: Type, help?: string) => ({
    span,
    message: `\`${signature}\` takes ${wanted} here, not ${showType(found)}`,
    help,
  }),
);

export const failsAlways = errorMessage('RTA1222', 'a call that always fails', (span: Span, reason: string) => ({ span, message: reason }));

export const functionModifier = errorMessage(
  'RTA1223',
  '`distinct` or `where` on a function',
  (span: Span, name: string, word: string) => ({
    span,
    message: `\`${name}\` is no aggregate, so it takes no \`${word}\``,
  }),
);

export const wrongLiteral = errorMessage(
  'RTA1224',
  'a literal argument that means nothing',
  (span: Span, text: string, wanted: string, reason: string, help?: string) => ({
    span,
    message: `${text} is no ${wanted}: ${reason}`,
    help,
  }),
);

// ---- Aggregates ----

export const aggregateOutside = errorMessage('RTA1301', 'an aggregate outside `aggregate`', (span: Span, name: string) => ({
  span,
  message: `\`${name}\` is an aggregate, and this expression sees one row`,
  help: ['min', 'max'].includes(name)
    ? `of several values of one row, use \`${name === 'min' ? 'least' : 'greatest'}(a, b)\`; over rows, an \`aggregate\` step`
    : 'use it in an `aggregate` step',
}));

export const nestedAggregate = errorMessage(
  'RTA1302',
  'an aggregate within an aggregate',
  (span: Span, name: string, inWhere: boolean) => ({
    span,
    message: `the aggregate \`${name}\` stands inside another`,
    help: inWhere
      ? 'a `where` reaches to the end of the expression: put parentheses around `(count() where …)`'
      : 'aggregate twice, in two `aggregate` steps',
  }),
);

export const notGrouped = errorMessage('RTA1303', 'a column outside the aggregates', (span: Span, name: string) => ({
  span,
  message: `\`${name}\` has many values in a group`,
  help: `choose one, for example \`max(${name})\`, or add it to \`groupBy\``,
}));

export const overUnavailable = errorMessage('RTA1304', '`over` where it is not available', (span: Span, inAggregate: boolean) => ({
  span,
  message: inAggregate ? '`over` is not available in `aggregate`' : '`over` belongs to an aggregate in `derive`',
  help: inAggregate ? 'the rows of an aggregate are chosen by `window`' : '`derive: { recent: avg(score) over 10s }`',
}));

export const overNothing = errorMessage('RTA1307', '`over` no rows', (span: Span) => ({
  span,
  message: 'there is never a row in this',
  help: '`over 3 rows` is the row and the two before it, `over previous 3 rows` the three before it',
}));

export const overBothEnds = warningMessage(
  'RTA1351',
  'a look back on one window more than meant',
  (span: Span, sizeMs: number, spacingMs: number) => {
    const n = sizeMs / spacingMs;
    const fewer = n === 1 ? 'no `over` is needed for one' : `for ${n} of them write \`over ${showDuration(sizeMs - spacingMs)}\``;
    return {
      span,
      message: `both ends belong to \`over ${showDuration(sizeMs)}\`, so of windows each ${showDuration(spacingMs)} it spans ${n + 1}`,
      help: `${fewer}; for the ${n === 1 ? 'one' : n} before this one write \`over previous ${showDuration(sizeMs)}\``,
    };
  },
);

export const aggregateProblem = errorMessage(
  'RTA1305',
  'an aggregate that cannot be used so',
  (span: Span, problem: string, help?: string) => ({
    span,
    message: problem,
    help,
  }),
);

export const metaNotGrouped = errorMessage('RTA1306', 'metadata outside the aggregates', (span: Span, name: string) => ({
  span,
  message: `\`${name}\` has many values in a group`,
  help: `choose one, for example \`max(${name})\``,
}));

// ---- Warnings ----

export const neverNull = warningMessage('RTA1350', 'a null check of what is never null', (span: Span, type: Type, op: string) => ({
  span,
  message:
    op === '??'
      ? `${showType(type)} is never null, so the right side is never used`
      : `${showType(type)} is never null, so this is always ${String(op === '!=')}`,
  help: op === '??' ? 'remove `?? …`' : undefined,
}));
