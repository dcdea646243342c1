/**
 * Code for accumulators: what a slot keeps for each (doubles in `N` = T.num from `q`, blobs in `M` = T.meta from `m`, rarely a side map), how
 * it takes in a value, another slot or encoded bytes, how it is written, and what comes of it. See state-layout.ts for the bytes.
 */
import { type Accumulator, compareStrings } from '@rta/dsl';
import { blobField } from '../../state/group-table-rows.js';
import { extreme } from '../run/extremes.js';
import { addAnyDouble, addLongToSum, carry, doubleOfSum, longOfSum } from '../run/numbers.js';
import { readDoubleSum, readLongSum, sumOfDecimals, writeDoubleSum, writeLongSum } from '../run/sum-codec.js';
import { textOf } from '../run/strings.js';
import { type Code, literal } from './code.js';
import { lastRowCode } from './last-row.js';
import { definiteType, type Operand } from './operand.js';
import type { RowSource } from './scope.js';

/** Names in the code around: T (table), s (slot), N, q, M, m, A (arena); for merging also qf and mf, of slot sf. */
export interface AccumulatorCode {
  /** Takes in a value that is not null (count: no value). */
  update(code: Code, value: Operand | null): void;
  /** Takes in a whole row, for those that are of no value. */
  readonly updateRow?: (code: Code, row: RowSource) => void;
  merge(code: Code): void;
  /** Writes to `W` at `p`. */
  write(code: Code): void;
  /** Reads from cursor `c` and takes it in. */
  read(code: Code): void;
  readonly result: (code: Code) => Operand;
}

/** Where accumulators are put in a slot. */
export class Slots {
  readonly init: number[] = [];
  blobs = 0;
  sides = 0;

  /** First of some doubles with those values in a new slot. */
  num(...init: readonly number[]): number {
    this.init.push(...init);
    return this.init.length - init.length;
  }

  blob(): number {
    return blobField(this.blobs++);
  }

  side(): number {
    return this.sides++;
  }
}

export function accumulatorCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const type = definiteType(accumulator.type);
  switch (accumulator.fn) {
    case 'count':
      return count(accumulator, slots);
    case 'lastRow':
      return lastRowCode(accumulator, slots);
    case 'sum':
      if (type.kind === 'decimal') return decimalSum(accumulator, slots);
      return type.kind === 'double' || type.kind === 'float' ? doubleSum(accumulator, slots) : longSum(accumulator, slots);
    default:
      switch (type.kind) {
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
}

/** An operand without bytes. */
function plain(accumulator: Accumulator, value: string, isNull: string | null = null, definite = value): Operand {
  return { type: accumulator.type, value, isNull, definite, text: null, encoded: null, window: false };
}

function at(base: string, offset: number): string {
  return `N[${base} + ${offset}]`;
}

function count(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(0);
  return {
    update: (code) => code.line(`${at('q', o)}++;`),
    merge: (code) => code.line(`${at('q', o)} += ${at('qf', o)};`),
    write: (code) => code.line(`p = W.long(p, ${at('q', o)});`),
    read: (code) => code.line(`${at('q', o)} += Number(c.long());`),
    result: () => plain(accumulator, at('q', o)),
  };
}

/** hi * 2^52 + lo; see numbers.ts. */
function longSum(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const hi = slots.num(0, 0);
  const lo = hi + 1;
  const limit = '4503599627370496';
  return {
    update: (code, value) => {
      const x = code.local('x', '0');
      const small = value!.type.kind === 'int' || (value!.type.kind === 'nullable' && value!.type.of.kind === 'int');
      const v = value!.definite;
      if (small)
        code.line(
          `${x} = ${at('q', lo)} + ${v};`,
          `if (${x} < ${limit} && ${x} > -${limit}) ${at('q', lo)} = ${x};`,
          `else ${code.constant(carry)}(N, q + ${hi}, ${x});`,
        );
      else
        code.line(
          `if (typeof ${v} === 'number' && (${x} = ${at('q', lo)} + ${v}) < ${limit} && ${x} > -${limit}) ${at('q', lo)} = ${x};`,
          `else ${code.constant(addLongToSum)}(N, q + ${hi}, ${v});`,
        );
    },
    merge: (code) =>
      code.line(`${at('q', hi)} += ${at('qf', hi)};`, `${code.constant(carry)}(N, q + ${hi}, ${at('q', lo)} + ${at('qf', lo)});`),
    write: (code) => code.line(`p = ${code.constant(writeLongSum)}(W, p, N, q + ${hi});`),
    read: (code) => code.line(`${code.constant(readLongSum)}(c, N, q + ${hi});`),
    result: (code) =>
      plain(accumulator, `(${at('q', hi)} === 0 ? ${at('q', lo)} : ${code.constant(longOfSum)}(${at('q', hi)}, ${at('q', lo)}))`),
  };
}

function doubleSum(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(0, 0);
  const spill = slots.side();
  const special = slots.side();
  const sides = `T.sides[${spill}], T.sides[${special}]`;
  return {
    update: (code, value) => code.line(`${code.constant(addAnyDouble)}(N, q + ${o}, ${sides}, s, ${value!.definite});`),
    merge: (code) => {
      const [writeTo, add] = [code.constant(mergeDoubles), `N, q + ${o}, qf + ${o}, ${sides}, s, sf`];
      code.line(`${writeTo}(${add});`);
    },
    write: (code) => code.line(`p = ${code.constant(writeDoubleSum)}(W, p, N, q + ${o}, ${sides}, s);`),
    read: (code) => code.line(`${code.constant(readDoubleSum)}(c, N, q + ${o}, ${sides}, s);`),
    result: (code) => {
      const sum = `${code.constant(doubleOfSum)}(N, q + ${o}, ${sides}, s)`;
      return plain(accumulator, definiteType(accumulator.type).kind === 'float' ? `Math.fround(${sum})` : sum);
    },
  };
}

function mergeDoubles(
  num: Float64Array,
  to: number,
  from: number,
  spill: Map<number, unknown>,
  special: Map<number, unknown>,
  slot: number,
  fromSlot: number,
): void {
  addAnyDouble(num, to, spill, special, slot, num[from]);
  addAnyDouble(num, to, spill, special, slot, num[from + 1]);
  const units = spill.get(fromSlot) as bigint | undefined;
  if (units !== undefined) spill.set(slot, ((spill.get(slot) as bigint | undefined) ?? 0n) + units);
  const counts = special.get(fromSlot) as { nan: number; pos: number; neg: number } | undefined;
  if (counts === undefined) return;
  const own = (special.get(slot) as typeof counts | undefined) ?? { nan: 0, pos: 0, neg: 0 };
  special.set(slot, { nan: own.nan + counts.nan, pos: own.pos + counts.pos, neg: own.neg + counts.neg });
}

function decimalSum(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const side = `T.sides[${slots.side()}]`;
  const type = definiteType(accumulator.type);
  const precision = type.kind === 'decimal' ? type.precision : 38;
  return {
    update: (code, value) => code.line(`${side}.set(s, (${side}.get(s) ?? 0n) + ${value!.definite});`),
    merge: (code) => code.line(`if (${side}.has(sf)) ${side}.set(s, (${side}.get(s) ?? 0n) + ${side}.get(sf));`),
    write: (code) => code.line(`p = W.decimal(p, ${side}.get(s) ?? 0n);`),
    read: (code) => code.line(`${code.constant(sumOfDecimals)}.read(c, ${side}, s);`),
    result: (code) => plain(accumulator, `${code.constant(sumOfDecimals)}.result(${side}, s, ${precision})`),
  };
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
