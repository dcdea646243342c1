import { distinct } from './distinct.js';
import { join } from './join.js';
import { over } from './over.js';
import { session } from './session.js';
import { sum, sumBeyondMemory, sumManyKeys } from './sums.js';
import { top } from './top.js';
import { hop, tumble } from './windows.js';
import type { Workload } from './workload.js';

/** In the order in which they run. */
export const workloads: readonly Workload[] = [top, sum, sumManyKeys, tumble, hop, session, join, over, distinct, sumBeyondMemory];

/** Those of a short run, which has no time for the largest, and of sums has the one with many keys. */
export const quickWorkloads: readonly Workload[] = workloads.filter((workload) => workload !== sumBeyondMemory && workload !== sum);
