/** The short run: a few records, one run of each pair; what seems to have fallen is measured again, since one run may meet bad luck. */
import { comparisonsOf, fallen, type Comparison } from './comparisons.js';
import { measure, say, type TestBed } from './measure.js';
import { quickPeers } from './peers/index.js';
import type { PeerResult, WorkloadResult } from './results.js';
import { workloads } from './workloads/index.js';

const RECORDS = 500_000;
/** More runs of a pair whose ratio has fallen. */
const AGAIN = 2;

/**
 * Measures what there is time for.
 * @param kept rows of an earlier short run
 * @param deadline on the clock of `performance.now()`; nothing is begun that took longer so far than what is left
 */
export async function measureQuick(bed: TestBed, kept: readonly Comparison[], deadline: number): Promise<WorkloadResult[]> {
  const results: WorkloadResult[] = [];
  let longest = 0;
  const timed = async (begin: () => Promise<void>): Promise<boolean> => {
    const started = performance.now();
    if (started + longest > deadline) return false;
    await begin();
    longest = Math.max(longest, performance.now() - started);
    return true;
  };
  for (const workload of workloads) {
    const begun = await timed(async () => {
      results.push(await measure(bed, workload, quickPeers, RECORDS, 1));
    });
    if (!begun) say(`${workload.name}: NOT MEASURED, there is no time left`);
  }
  for (const [i, result] of results.entries())
    for (let again = 1; again <= AGAIN && fallen(comparisonsOf([results[i]]), kept).length > 0; again++) {
      const workload = workloads.find(({ name }) => name === result.workload)!;
      const begun = await timed(async () => {
        results[i] = together(results[i], await measure(bed, workload, quickPeers, RECORDS, 1));
      });
      if (!begun) break;
    }
  return results;
}

function together(one: WorkloadResult, other: WorkloadResult): WorkloadResult {
  return { ...one, peers: one.peers.map((peer, i): PeerResult => ({ ...peer, runs: [...peer.runs, ...other.peers[i].runs] })) };
}
