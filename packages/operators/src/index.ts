import type { AggregateSpec, OperatorSpec } from '@rta/dsl';
import { aggregate } from './aggregate.js';
import { avg } from './aggregates/avg.js';
import { count } from './aggregates/count.js';
import { max } from './aggregates/max.js';
import { min } from './aggregates/min.js';
import { sum } from './aggregates/sum.js';
import { dedupe } from './dedupe.js';
import { derive } from './derive.js';
import { drop } from './drop.js';
import { filter } from './filter.js';
import { rename } from './rename.js';
import { sample } from './sample.js';
import { select } from './select.js';
import { topK } from './topk.js';

/** The operators of the language, in the order of its pages. */
export const operators: readonly OperatorSpec[] = [filter, derive, select, drop, rename, aggregate, topK, dedupe, sample];

/** The aggregate functions. */
export const aggregates: readonly AggregateSpec[] = [count, sum, avg, min, max];
