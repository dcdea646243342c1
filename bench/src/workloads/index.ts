import { sum, sumManyKeys } from './sums.js';
import { top } from './top.js';
import { hop, tumble } from './windows.js';
import type { Workload } from './workload.js';

/** In the order in which they run. */
export const workloads: readonly Workload[] = [top, sum, sumManyKeys, tumble, hop];
