/**
 * Code for accumulators: what a slot keeps for each (doubles in `N` = T.num from `q`, blobs in `M` = T.meta from `m`, else a side map), how
 * it takes in a value, another slot or encoded bytes, how it is written, and what comes of it. One file per family.
 */
import type { Accumulator } from '@rta/dsl';
import type { AccumulatorCode, Slots } from './accumulators/code.js';
import { extremeCode } from './accumulators/extremes.js';
import { newestCode } from './accumulators/newest.js';
import { lastRowCode } from './accumulators/last-row.js';
import { placedCode } from './accumulators/places.js';
import { bagCode, distinctCode, funnelCode, keptCode, percentileCode } from './accumulators/sides.js';
import { count, decimalSum, doubleSum, longSum } from './accumulators/sums.js';
import { topRowsCode } from './accumulators/top-rows.js';
import { varianceCode } from './accumulators/variance.js';
import { definiteType } from './operand.js';

export function accumulatorCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const { kind } = definiteType(accumulator.type);
  switch (accumulator.fn) {
    case 'count':
      return count(accumulator, slots);
    case 'newest':
    case 'owned':
      return newestCode(accumulator, slots);
    case 'lastRow':
      return lastRowCode(accumulator, slots);
    case 'topRows':
      return topRowsCode(accumulator, slots);
    case 'sum':
      if (kind === 'decimal') return decimalSum(accumulator, slots);
      return kind === 'double' || kind === 'float' ? doubleSum(accumulator, slots) : longSum(accumulator, slots);
    case 'variance':
      return varianceCode(accumulator, slots);
    default:
      return accumulator.retracts === true ? bagCode(accumulator, slots) : valueCode(accumulator, slots);
  }
}

/** Of accumulators that nothing is taken out of. */
function valueCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  switch (accumulator.fn) {
    case 'min':
    case 'max':
      return extremeCode(accumulator, slots);
    case 'first':
    case 'last':
      return placedCode(accumulator, slots);
    case 'distinct':
    case 'approxDistinct':
      return distinctCode(accumulator, slots);
    case 'percentile':
      return percentileCode(accumulator, slots);
    case 'funnel':
      return funnelCode(accumulator, slots);
    default:
      return keptCode(accumulator, slots);
  }
}
