/** The least and the greatest value. */
import { type Accumulator, compareStrings } from '@rta/dsl';
import { extreme } from '../../run/extremes.js';
import { textOf } from '../../run/strings.js';
import { sumOfDecimals } from '../../run/sum-codec.js';
import { type Code, literal } from '../code.js';
import { definiteType } from '../operand.js';
import { type AccumulatorCode, at, plain, type Slots } from './code.js';

export function extremeCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  switch (definiteType(accumulator.type).kind) {
    case 'string':
    case 'bytes':
      return bytesExtreme(accumulator, slots);
    case 'enum':
      return enumExtreme(accumulator, slots);
    case 'double':
    case 'float':
      return doubleExtreme(accumulator, slots);
    case 'long':
      return longExtreme(accumulator, slots);
    case 'decimal':
      return decimalExtreme(accumulator, slots);
    default:
      return numberExtreme(accumulator, slots);
  }
}

/** int, timestamp, date, duration, boolean: NaN is null. */
function numberExtreme(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(NaN);
  const keep = accumulator.fn === 'max' ? '>=' : '<=';
  const type = definiteType(accumulator.type);
  const [isBoolean, micros] = [type.kind === 'boolean', type.kind === 'timestamp' && type.unit === 'micros'];
  const take = (value: string): string => `if (!(${at('q', o)} ${keep} ${value})) ${at('q', o)} = ${value};`;
  const isNull = `${at('q', o)} !== ${at('q', o)}`;
  const value = isBoolean ? `(${at('q', o)} === 1)` : at('q', o);
  return {
    update: (code, operand) => {
      const x = code.local('x', '0');
      code.line(`${x} = ${isBoolean ? `${operand!.definite} ? 1 : 0` : operand!.definite};`, take(x));
    },
    merge: (code) => code.line(`if (${at('qf', o)} === ${at('qf', o)}) { ${take(at('qf', o))} }`),
    write: (code) => {
      const encoded = isBoolean
        ? `W.byte(W.byte(p, 2), ${at('q', o)})`
        : `W.long(W.byte(p, 2), ${micros ? `Math.round(${at('q', o)} * 1000)` : type.kind === 'timestamp' ? `Math.round(${at('q', o)})` : at('q', o)})`;
      code.line(`p = ${isNull} ? W.byte(p, 0) : ${encoded};`);
    },
    read: (code) => {
      const x = code.local('x', '0');
      code.line(
        `if (c.byte() !== 0) { ${x} = ${isBoolean ? 'c.byte()' : micros ? 'Number(c.long()) / 1000' : 'Number(c.long())'}; ${take(x)} }`,
      );
    },
    result: () => plain(accumulator, `(${isNull} ? null : ${value})`, `(${isNull})`, value),
  };
}

/** As numbers, and ±Infinity where the value is a bigint in the side map. */
function longExtreme(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(NaN);
  const side = `T.sides[${slots.side()}]`;
  const max = accumulator.fn === 'max';
  const keep = max ? '>=' : '<=';
  const isNull = `${at('q', o)} !== ${at('q', o)}`;
  const take = (code: Code, value: string): void => {
    code.line(
      `if (typeof ${value} === 'number') { if (!(${at('q', o)} ${keep} ${value})) ${at('q', o)} = ${value}; }`,
      `else ${code.constant(extreme)}.takeBig(N, q + ${o}, ${side}, s, ${value}, ${literal(max)});`,
    );
  };
  const definite = (code: Code, slot: string, base: string): string =>
    `${code.constant(extreme)}.longOf(N, ${base} + ${o}, ${side}, ${slot})`;
  return {
    update: (code, value) => {
      const x = code.local('x', '0');
      code.line(`${x} = ${value!.definite};`);
      take(code, x);
    },
    merge: (code) => {
      const x = code.local('x', '0');
      code.block(`if (${at('qf', o)} === ${at('qf', o)})`, () => {
        code.line(`${x} = ${definite(code, 'sf', 'qf')};`);
        take(code, x);
      });
    },
    write: (code) => code.line(`p = ${isNull} ? W.byte(p, 0) : W.long(W.byte(p, 2), ${definite(code, 's', 'q')});`),
    read: (code) => {
      const x = code.local('x', '0');
      code.block('if (c.byte() !== 0)', () => {
        code.line(`${x} = c.long();`);
        take(code, x);
      });
    },
    result: (code) => plain(accumulator, `(${isNull} ? null : ${definite(code, 's', 'q')})`, `(${isNull})`, definite(code, 's', 'q')),
  };
}

/** A value and whether there is one. NaN is the greatest; of zeros, the positive one is greater, so that order of reading does not matter. */
function doubleExtreme(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(0, 0);
  const better = accumulator.fn === 'max' ? 'greater' : 'less';
  const isNull = `${at('q', o + 1)} === 0`;
  const kind = definiteType(accumulator.type).kind;
  const take = (code: Code, x: string): void =>
    code.line(
      `if (${isNull} || ${code.constant(extreme)}.${better}(${x}, ${at('q', o)})) { ${at('q', o)} = ${x}; ${at('q', o + 1)} = 1; }`,
    );
  return {
    update: (code, value) => {
      const x = code.local('x', '0');
      code.line(`${x} = ${value!.definite};`);
      take(code, x);
    },
    merge: (code) => {
      code.line(`if (${at('qf', o + 1)} !== 0)`);
      take(code, at('qf', o));
    },
    write: (code) => code.line(`p = ${isNull} ? W.byte(p, 0) : W.${kind}(W.byte(p, 2), ${at('q', o)});`),
    read: (code) => {
      const x = code.local('x', '0');
      code.block('if (c.byte() !== 0)', () => {
        code.line(`${x} = c.${kind}();`);
        take(code, x);
      });
    },
    result: () => plain(accumulator, `(${isNull} ? null : ${at('q', o)})`, `(${isNull})`, at('q', o)),
  };
}

/** string, bytes: kept as bytes, compared as bytes. */
function bytesExtreme(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const f = slots.blob();
  const method = accumulator.fn === 'max' ? 'maxBlob' : 'minBlob';
  const isString = definiteType(accumulator.type).kind === 'string';
  const [start, length] = [(m: string) => `(M[${m} + ${f}] >>> 0)`, (m: string) => `M[${m} + ${f + 1}]`];
  return {
    update: (code, value) => {
      if (value!.text !== null) {
        const { bytes, start: from, end } = value!.text;
        code.line(`T.${method}(s, ${f}, ${bytes}, ${from}, ${end});`);
      } else if (isString) {
        const end = code.local('e', '0');
        code.line(`${end} = K.values.text(0, ${value!.definite});`, `T.${method}(s, ${f}, K.values.bytes, 0, ${end});`);
      } else {
        const x = code.local('x', 'null');
        code.line(`${x} = ${value!.definite};`, `T.${method}(s, ${f}, ${x}, 0, ${x}.length);`);
      }
    },
    // The other slot's bytes lie in the arena that may move: through a copy.
    merge: (code) =>
      code.line(
        `if (${length('mf')} >= 0) T.${method}(s, ${f}, T.arena.slice(${start('mf')}, ${start('mf')} + ${length('mf')}), 0, ${length('mf')});`,
      ),
    write: (code) =>
      code.line(`p = ${length('m')} < 0 ? W.byte(p, 0) : W.sized(W.byte(p, 2), T.arena, ${start('m')}, ${start('m')} + ${length('m')});`),
    read: (code) => {
      const [n, from] = [code.local('n', '0'), code.local('from', '0')];
      code.line(
        `if (c.byte() !== 0) { ${n} = c.length(); ${from} = c.skip(${n}); T.${method}(s, ${f}, c.bytes, ${from}, ${from} + ${n}); }`,
      );
    },
    result: (code) => {
      const [isNull, end] = [`(${length('m')} < 0)`, `${start('m')} + ${length('m')}`];
      const definite = isString ? `${code.constant(textOf)}(A, ${start('m')}, ${end})` : `A.slice(${start('m')}, ${end})`;
      return {
        type: accumulator.type,
        value: `(${isNull} ? null : ${definite})`,
        isNull,
        definite,
        text: { bytes: 'A', start: start('m'), end: `(${end})` },
        encoded: null,
        window: false,
      };
    },
  };
}

/** By the place of the symbol among the symbols sorted by text; NaN is null. */
function enumExtreme(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(NaN);
  const type = definiteType(accumulator.type);
  const symbols = type.kind === 'enum' ? type.symbols : [];
  const sorted = [...symbols].sort(compareStrings);
  const places = new Map(sorted.map((symbol, i) => [symbol, i]));
  const written = sorted.map((symbol) => symbols.indexOf(symbol));
  const read = symbols.map((symbol) => sorted.indexOf(symbol));
  const keep = accumulator.fn === 'max' ? '>=' : '<=';
  const isNull = `${at('q', o)} !== ${at('q', o)}`;
  const take = (value: string): string => `if (!(${at('q', o)} ${keep} ${value})) ${at('q', o)} = ${value};`;
  return {
    update: (code, value) => {
      const x = code.local('x', '0');
      code.line(`${x} = ${code.constant(places)}.get(${value!.definite});`, take(x));
    },
    merge: (code) => code.line(`if (${at('qf', o)} === ${at('qf', o)}) { ${take(at('qf', o))} }`),
    write: (code) => code.line(`p = ${isNull} ? W.byte(p, 0) : W.long(W.byte(p, 2), ${code.constant(written)}[${at('q', o)}]);`),
    read: (code) => {
      const x = code.local('x', '0');
      code.line(`if (c.byte() !== 0) { ${x} = ${code.constant(read)}[c.long()]; ${take(x)} }`);
    },
    result: (code) => {
      const definite = `${code.constant(sorted)}[${at('q', o)}]`;
      return plain(accumulator, `(${isNull} ? null : ${definite})`, `(${isNull})`, definite);
    },
  };
}

/** Unscaled bigints, in the side map. */
function decimalExtreme(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const side = `T.sides[${slots.side()}]`;
  const max = literal(accumulator.fn === 'max');
  const isNull = `!${side}.has(s)`;
  return {
    update: (code, value) => code.line(`${code.constant(extreme)}.takeBigInt(${side}, s, ${value!.definite}, ${max});`),
    merge: (code) => code.line(`if (${side}.has(sf)) ${code.constant(extreme)}.takeBigInt(${side}, s, ${side}.get(sf), ${max});`),
    write: (code) => code.line(`p = ${isNull} ? W.byte(p, 0) : W.decimal(W.byte(p, 2), ${side}.get(s));`),
    read: (code) =>
      code.line(
        `if (c.byte() !== 0) ${code.constant(extreme)}.takeBigInt(${side}, s, ${code.constant(sumOfDecimals)}.decimal(c), ${max});`,
      ),
    result: () => plain(accumulator, `(${side}.get(s) ?? null)`, `(${isNull})`, `${side}.get(s)`),
  };
}
