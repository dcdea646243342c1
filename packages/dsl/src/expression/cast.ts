import { asDecimal, definite } from '../types/lattice.js';
import type { Type, Value } from '../types/type.js';
import { doubleOfDecimal, rescale } from './decimal.js';

/**
 * The value of a `cast` node: widens a value of type `from` to type `to`. Only these change anything at run time:
 * - long → double: `Number(x)`; int, long → float: `Math.fround(Number(x))`
 * - int, long → decimal: `BigInt(x) * 10^scale`; decimal → decimal of a greater scale: `x * 10^difference`
 * - decimal → double: the nearest double (only the means of decimals need it)
 * - duration → long: the fraction that differences of microseconds have is cut off
 */
export function castValue(value: Value, from: Type, to: Type): Value {
  if (value === null) return null;
  const [source, target] = [definite(from), definite(to)];
  switch (target.kind) {
    case 'double':
      return source.kind === 'decimal' ? doubleOfDecimal(value as bigint, source.scale) : Number(value);
    case 'float':
      return source.kind === 'float' ? value : Math.fround(Number(value));
    case 'decimal':
      return rescale(BigInt(value as number | bigint), asDecimal(source)?.scale ?? 0, target.scale);
    case 'long':
      return source.kind === 'duration' ? Math.trunc(value as number) + 0 : value;
    default:
      return value;
  }
}
