import type { AggregateSpec, OperatorSpec } from '@rta/dsl';
import { aggregate } from './aggregate.js';
import { approxDistinct } from './aggregates/approx-distinct.js';
import { argMax } from './aggregates/arg-max.js';
import { argMin } from './aggregates/arg-min.js';
import { avg } from './aggregates/avg.js';
import { collect } from './aggregates/collect.js';
import { count } from './aggregates/count.js';
import { first } from './aggregates/first.js';
import { funnel } from './aggregates/funnel.js';
import { last } from './aggregates/last.js';
import { join } from './join.js';
import { max } from './aggregates/max.js';
import { median } from './aggregates/median.js';
import { min } from './aggregates/min.js';
import { percentile } from './aggregates/percentile.js';
import { stddev } from './aggregates/stddev.js';
import { sum } from './aggregates/sum.js';
import { topKValues } from './aggregates/top-k.js';
import { variance } from './aggregates/variance.js';
import { dedupe } from './dedupe.js';
import { derive } from './derive.js';
import { drop } from './drop.js';
import { filter } from './filter.js';
import { rename } from './rename.js';
import { sample } from './sample.js';
import { select } from './select.js';
import { topK } from './topk.js';
import { unnest } from './unnest.js';
import { use } from './use.js';

/** The operators of the language, in the order of its pages. */
export const operators: readonly OperatorSpec[] = [
  filter,
  derive,
  select,
  drop,
  rename,
  unnest,
  aggregate,
  topK,
  join,
  dedupe,
  sample,
  use,
];

/** The aggregate functions. */
export const aggregates: readonly AggregateSpec[] = [
  count,
  sum,
  avg,
  min,
  max,
  first,
  last,
  argMin,
  argMax,
  median,
  percentile,
  stddev,
  variance,
  collect,
  topKValues,
  funnel,
  approxDistinct,
];
