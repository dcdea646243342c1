/** The short run: a few records, one run of each pair; what seems to have fallen is measured again, since one run may meet bad luck. */
import { comparisonsOf, fallen, type Comparison } from './comparisons.js';
import { measure, say, type TestBed } from './measure.js';
import { quickPeers } from './peers/index.js';
import type { PeerResult, WorkloadResult } from './results.js';
import { quickWorkloads } from './workloads/index.js';

const RECORDS = 500_000;
/** More runs of a pair whose ratio has fallen. */
const AGAIN = 2;

/**
 * Measures what there is time for: when the bed's signal is aborted, the workload that is under way is left out, with those after it.
 * @param kept rows of an earlier short run
 */
export async function measureQuick(bed: TestBed, kept: readonly Comparison[]): Promise<WorkloadResult[]> {
  const results: WorkloadResult[] = [];
  try {
    for (const workload of quickWorkloads) results.push(await measure(bed, workload, quickPeers(workload), RECORDS, 1));
    for (const [i, workload] of quickWorkloads.entries())
      for (let again = 1; again <= AGAIN && fallen(comparisonsOf([results[i]]), kept).length > 0; again++)
        results[i] = together(results[i], await measure(bed, workload, quickPeers(workload), RECORDS, 1));
  } catch (error) {
    if (!bed.signal?.aborted) throw error;
    const left = quickWorkloads.slice(results.length).map(({ name }) => name);
    if (left.length > 0) say(`NOT MEASURED, the time is up: ${left.join(', ')}`);
  }
  return results;
}

function together(one: WorkloadResult, other: WorkloadResult): WorkloadResult {
  return { ...one, peers: one.peers.map((peer, i): PeerResult => ({ ...peer, runs: [...peer.runs, ...other.peers[i].runs] })) };
}
