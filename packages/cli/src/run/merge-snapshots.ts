import { addHistograms, type StepSnapshot, type WorkerSnapshot, type WorkerStatus } from '@rta/runtime';

/** The one that counts for all comes first. */
const STATUSES: readonly WorkerStatus[] = ['ended', 'joining', 'restoring', 'running'];

/**
 * What several workers of one pipeline do, as if they were one: counts are added, delays and latencies are those of the slowest, boards are
 * put side by side.
 *
 * @param snapshots one at least
 */
export function mergeSnapshots(snapshots: readonly WorkerSnapshot[]): WorkerSnapshot {
  const sum = (of: (snapshot: WorkerSnapshot) => number): number => snapshots.reduce((total, snapshot) => total + of(snapshot), 0);
  const most = (of: (snapshot: WorkerSnapshot) => number | null): number | null => greatest(snapshots.map(of));
  const rejectedBy: Record<string, number> = {};
  for (const snapshot of snapshots)
    for (const [reason, count] of Object.entries(snapshot.rejectedBy)) rejectedBy[reason] = (rejectedBy[reason] ?? 0) + count;
  return {
    ...snapshots[0],
    progress: snapshots.flatMap(({ progress }) => progress),
    at: Math.max(...snapshots.map(({ at }) => at)),
    recordsIn: sum((s) => s.recordsIn),
    late: sum((s) => s.late),
    rejected: sum((s) => s.rejected),
    rejectedBy,
    lag: sum((s) => s.lag),
    watermarkDelayMs: most((s) => s.watermarkDelayMs),
    stateEntries: sum((s) => s.stateEntries),
    stateBytes: sum((s) => s.stateBytes),
    inputs: snapshots.flatMap(({ inputs }) => inputs),
    commits: sum((s) => s.commits),
    status: STATUSES.find((status) => snapshots.some((snapshot) => snapshot.status === status))!,
    lastCommitAt: most((s) => s.lastCommitAt),
    endToEndP50: most((s) => s.endToEndP50),
    endToEndP95: most((s) => s.endToEndP95),
    endToEndP99: most((s) => s.endToEndP99),
    commitP50: most((s) => s.commitP50),
    commitP99: most((s) => s.commitP99),
    endToEnd: addHistograms(snapshots.map(({ endToEnd }) => endToEnd)),
    commitTime: addHistograms(snapshots.map(({ commitTime }) => commitTime)),
    tasks: sum((s) => s.tasks),
    rejoins: sum((s) => s.rejoins),
    replayed: sum((s) => s.replayed),
    standbys: snapshots.flatMap(({ standbys }) => standbys),
    steps: snapshots[0].steps.map((step) => mergeSteps(step, snapshots)),
    boards: snapshots.flatMap(({ boards }) => boards),
  };
}

function mergeSteps(step: StepSnapshot, snapshots: readonly WorkerSnapshot[]): StepSnapshot {
  const same = snapshots.flatMap(({ steps }) => steps.filter(({ id }) => id === step.id));
  const sum = (of: (step: StepSnapshot) => number): number => same.reduce((total, each) => total + of(each), 0);
  return {
    ...step,
    in: sum((s) => s.in),
    out: sum((s) => s.out),
    late: sum((s) => s.late),
    rejected: sum((s) => s.rejected),
    stateEntries: sum((s) => s.stateEntries),
    stateBytes: sum((s) => s.stateBytes),
    watermarkDelayMs: greatest(same.map((s) => s.watermarkDelayMs)),
  };
}

/** Null where none is known. */
function greatest(values: readonly (number | null)[]): number | null {
  return values.reduce((max, value) => (max === null || (value !== null && value > max) ? value : max), null);
}
