import { BOOLEAN, DOUBLE, INT, LONG } from '../../types/lattice.js';
import { canonicalLong, type Long } from '../long.js';
import { ExpressionError } from '../typed.js';
import { defineFunction, type FunctionSpec, type Overload } from './spec.js';

/** A function of doubles, by IEEE rules: NaN and infinities rather than errors. */
export function ofDoubles(fn: (...args: number[]) => number, count = 1): Overload[] {
  return [{ params: Array.from({ length: count }, () => 'double' as const), returns: DOUBLE, run: fn }];
}

function ofDouble(
  name: string,
  signature: string,
  summary: string,
  doc: string,
  example: readonly [string, number],
  fn: (...args: number[]) => number,
): FunctionSpec {
  const [expression, value] = example;
  const count = signature === `${name}()` ? 0 : signature.split(',').length;
  return defineFunction({ name, signature, summary, doc, examples: [{ expression, value }] }, ofDoubles(fn, count));
}

/** Integers whose bits JavaScript's own operators work on. */
function isInt(x: Long): x is number {
  return typeof x === 'number' && x >= -2_147_483_648 && x <= 2_147_483_647;
}

function bitOperation(
  name: string,
  summary: string,
  value: number,
  small: (a: number, b: number) => number,
  large: (a: bigint, b: bigint) => bigint,
): FunctionSpec {
  const run = (a: Long, b: Long): Long => (isInt(a) && isInt(b) ? small(a, b) : canonicalLong(large(BigInt(a), BigInt(b))));
  return defineFunction(
    {
      name,
      signature: `${name}(integer, integer)`,
      summary,
      doc: 'Of longs in two’s complement.',
      examples: [{ expression: `${name}(12, 10)`, value }],
    },
    [{ params: ['long', 'long'], returns: LONG, run }],
  );
}

/** Bits that fall out of the 64 are gone; a shift by none of 0 to 63 leaves none, or the sign. */
function shift(left: boolean): (x: Long, count: Long) => Long {
  return (x, count) => {
    if (count < 0) throw new ExpressionError('domain', 'bits are shifted by 0 or more places');
    const by = count > 63 ? 64n : BigInt(count);
    return canonicalLong(left ? BigInt.asIntN(64, BigInt(x) << by) : BigInt(x) >> by);
  };
}

function widthBucket(x: number, low: number, high: number, buckets: Long): number {
  if (!(low < high) || buckets < 1 || buckets > 1_000_000)
    throw new ExpressionError('domain', 'buckets are 1 to 1000000 between a lesser and a greater number');
  if (Number.isNaN(x)) throw new ExpressionError('domain', 'NaN is in no bucket');
  if (x < low) return 0;
  const count = Number(buckets);
  return x >= high ? count + 1 : Math.min(count, Math.floor(((x - low) / (high - low)) * count) + 1);
}

const RADIAN = Math.PI / 180;
/** The mean radius of the Earth in metres, as WGS 84 has it. */
const EARTH_RADIUS = 6_371_008.8;

/** The haversine formula. */
function geoDistance(latitude: number, longitude: number, toLatitude: number, toLongitude: number): number {
  const north = Math.sin(((toLatitude - latitude) * RADIAN) / 2);
  const east = Math.sin(((toLongitude - longitude) * RADIAN) / 2);
  const chord = north * north + Math.cos(latitude * RADIAN) * Math.cos(toLatitude * RADIAN) * east * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(chord)));
}

export const numericFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'sign',
      signature: 'sign(number)',
      summary: '-1, 0 or 1, as the number is negative, zero or positive',
      doc: 'NaN is an error of the record.',
      examples: [{ expression: 'sign(-2.5)', value: -1 }],
    },
    [
      { params: ['long'], returns: INT, fn: 'sign_long', run: (x: Long) => (x < 0 ? -1 : x > 0 ? 1 : 0) },
      {
        params: ['double'],
        returns: INT,
        run: (x: number) => {
          if (Number.isNaN(x)) throw new ExpressionError('domain', 'NaN has no sign');
          return x < 0 ? -1 : x > 0 ? 1 : 0;
        },
      },
      { params: ['decimal'], returns: INT, fn: 'sign_decimal', run: (x: bigint) => (x < 0n ? -1 : x > 0n ? 1 : 0) },
    ],
  ),
  ofDouble(
    'log10',
    'log10(number)',
    'the logarithm to base 10',
    'Minus infinity of 0, NaN of a negative number.',
    ['log10(1000)', 3],
    Math.log10,
  ),
  ofDouble('log2', 'log2(number)', 'the logarithm to base 2', 'Minus infinity of 0, NaN of a negative number.', ['log2(8)', 3], Math.log2),
  ofDouble('pi', 'pi()', 'the ratio of a circle’s circumference to its diameter', '', ['round(pi(), 5)', 3.14159], () => Math.PI),
  ofDouble('sin', 'sin(radians)', 'the sine', '', ['sin(0)', 0], Math.sin),
  ofDouble('cos', 'cos(radians)', 'the cosine', '', ['cos(0)', 1], Math.cos),
  ofDouble('tan', 'tan(radians)', 'the tangent', '', ['tan(0)', 0], Math.tan),
  ofDouble('asin', 'asin(number)', 'the angle (radians) with this sine', 'NaN beyond -1 to 1.', ['asin(0)', 0], Math.asin),
  ofDouble('acos', 'acos(number)', 'the angle (radians) with this cosine', 'NaN beyond -1 to 1.', ['acos(1)', 0], Math.acos),
  ofDouble('atan', 'atan(number)', 'the angle (radians) with this tangent', '', ['atan(0)', 0], Math.atan),
  ofDouble('atan2', 'atan2(y, x)', 'the angle (radians) of the point (x, y)', '', ['atan2(0, 1)', 0], Math.atan2),
  ofDouble('radians', 'radians(degrees)', 'an angle in radians', '', ['round(radians(180), 5)', 3.14159], (x) => x * RADIAN),
  ofDouble('degrees', 'degrees(radians)', 'an angle in degrees', '', ['degrees(pi())', 180], (x) => x / RADIAN),
  ofDouble(
    'geoDistance',
    'geoDistance(latitude, longitude, latitude, longitude)',
    'metres between two points on the Earth',
    'In degrees, on a sphere of the mean radius.',
    ['round(geoDistance(50.0755, 14.4378, 49.1951, 16.6068) / 1000)', 184],
    geoDistance,
  ),
  defineFunction(
    {
      name: 'widthBucket',
      signature: 'widthBucket(number, low, high, buckets)',
      summary: 'the number of the bucket that a number is in, of so many of one width',
      doc: 'From 1; 0 below `low`, one more than there are from `high` on. NaN, and `low` not below `high`, are errors of the record.',
      examples: [
        { expression: 'widthBucket(35, 0, 100, 10)', value: 4 },
        { expression: 'widthBucket(100, 0, 100, 10)', value: 11 },
      ],
    },
    [{ params: ['double', 'double', 'double', 'long'], returns: INT, run: widthBucket }],
  ),
  defineFunction(
    {
      name: 'isNaN',
      signature: 'isNaN(number)',
      summary: 'whether a number is NaN',
      doc: '',
      examples: [{ expression: 'isNaN(sqrt(-1))', value: true }],
    },
    [{ params: ['double'], returns: BOOLEAN, run: Number.isNaN }],
  ),
  defineFunction(
    {
      name: 'isFinite',
      signature: 'isFinite(number)',
      summary: 'whether a number is neither NaN nor infinite',
      doc: '',
      examples: [{ expression: 'isFinite(ln(0))', value: false }],
    },
    [{ params: ['double'], returns: BOOLEAN, run: Number.isFinite }],
  ),
  bitOperation(
    'bitAnd',
    'the bits that both have',
    8,
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bitOperation(
    'bitOr',
    'the bits that either has',
    14,
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bitOperation(
    'bitXor',
    'the bits that just one has',
    6,
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  defineFunction(
    {
      name: 'bitNot',
      signature: 'bitNot(integer)',
      summary: 'the bits that it has not',
      doc: 'Of a long in two’s complement.',
      examples: [{ expression: 'bitNot(12)', value: -13 }],
    },
    [{ params: ['long'], returns: LONG, run: (x: Long) => (typeof x === 'number' ? -1 - x : canonicalLong(~x)) }],
  ),
  defineFunction(
    {
      name: 'shiftLeft',
      signature: 'shiftLeft(integer, places)',
      summary: 'the bits of a long, so many places up',
      doc: 'Bits beyond the 64 are gone. A negative number of places is an error of the record.',
      examples: [{ expression: 'shiftLeft(3, 2)', value: 12 }],
    },
    [{ params: ['long', 'long'], returns: LONG, run: shift(true) }],
  ),
  defineFunction(
    {
      name: 'shiftRight',
      signature: 'shiftRight(integer, places)',
      summary: 'the bits of a long, so many places down',
      doc: 'The sign stays. A negative number of places is an error of the record.',
      examples: [{ expression: 'shiftRight(-12, 2)', value: -3 }],
    },
    [{ params: ['long', 'long'], returns: LONG, run: shift(false) }],
  ),
];
