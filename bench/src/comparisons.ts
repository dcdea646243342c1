/** What rta is compared with: a row per workload and peer, kept in `bench/results.json`, so that a later run can tell what has fallen. */
import type { Targets } from './peers/peer.js';
import { figuresOf, type WorkloadResult } from './results.js';

/** Ratios are the peer's figure over rta's or the reverse, whichever is above 1 where rta is better. */
export interface Comparison {
  readonly workload: string;
  readonly peer: string;
  readonly records: number;
  readonly runs: number;
  /** Of records per second. */
  readonly ratio: number;
  /** What `ratio` should at least be; null where nothing is set. */
  readonly target: number | null;
  /** Of CPU seconds. */
  readonly cpuRatio: number;
  readonly cpuTarget: number | null;
  /** Of peak memory. */
  readonly memoryRatio: number;
  readonly memoryTarget: number | null;
}

/** A ratio below this share of the one that is kept has fallen. */
const FALLEN = 0.7;

export function comparisonsOf(results: readonly WorkloadResult[]): Comparison[] {
  return results.flatMap((result) =>
    figuresOf(result)
      .slice(1)
      .map(({ peer, ratio, cpuRatio, memoryRatio }, i) => {
        const { targets, runs } = result.peers[i + 1];
        return {
          workload: result.workload,
          peer,
          records: result.records,
          runs: runs.length,
          ratio: rounded(ratio!),
          ...targetsOf(targets),
          cpuRatio: rounded(cpuRatio!),
          memoryRatio: rounded(memoryRatio!),
        };
      }),
  );
}

function targetsOf(targets: Targets | null): Pick<Comparison, 'target' | 'cpuTarget' | 'memoryTarget'> {
  return { target: targets?.speed ?? null, cpuTarget: targets?.cpu ?? null, memoryTarget: targets?.memory ?? null };
}

/** `before` with the rows of `measured` in place of the same ones or after them. */
export function merged(before: readonly Comparison[], measured: readonly Comparison[]): Comparison[] {
  const rows = new Map([...before, ...measured].map((row) => [`${row.workload}\n${row.peer}`, row]));
  return [...rows.values()];
}

/** Those of `measured` whose ratio is more than 30 % below the one that is kept for the same workload and peer. */
export function fallen(measured: readonly Comparison[], kept: readonly Comparison[]): { row: Comparison; before: number }[] {
  return measured.flatMap((row) => {
    const before = kept.find(({ workload, peer }) => workload === row.workload && peer === row.peer)?.ratio;
    return before !== undefined && row.ratio < before * FALLEN ? [{ row, before }] : [];
  });
}

/** Three digits say all that a ratio can. */
function rounded(ratio: number): number {
  return Number(ratio.toPrecision(3));
}
