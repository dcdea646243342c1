/** What the steps of a tested pipeline keep. */
import type { Column, Row } from '@rta/dsl';
import { changelogState } from '../inspect/changelog.js';
import { keptBy } from '../inspect/kept-rows.js';
import type { FoldNode } from '../kernel/interpreter/keyed-fold.js';
import type { Log } from '../log/log.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import type { WorkerSnapshot } from '../task/snapshot.js';

/** How many entries a step keeps: of an aggregate its groups (and windows, or sessions), else what the engine counts. */
export async function keptCount(log: Log, plan: PhysicalPlan, step: string, snapshot: WorkerSnapshot): Promise<number> {
  const fold = foldOf(plan, step);
  if (fold !== null && fold.node.transform.window?.kind !== 'sliding') return (await rowsOf(log, fold)).length;
  return snapshot.steps.find(({ id }) => id === step)?.stateEntries ?? 0;
}

/** The rows that the fold of a step keeps, and their columns. */
export async function keptRows(log: Log, plan: PhysicalPlan, step: string): Promise<{ columns: readonly Column[]; rows: readonly Row[] }> {
  const fold = foldOf(plan, step);
  return fold === null ? { columns: [], rows: [] } : { columns: fold.node.columns, rows: await rowsOf(log, fold) };
}

interface StageFold {
  readonly stage: Stage;
  readonly node: FoldNode;
}

function foldOf(plan: PhysicalPlan, step: string): StageFold | null {
  for (const stage of plan.stages)
    for (const node of stage.nodes) if (node.step === step && node.op === 'fold' && node.mode !== 'partial') return { stage, node };
  return null;
}

async function rowsOf(log: Log, { stage, node }: StageFold): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { partition } of await log.offsets(stage.changelog!))
    rows.push(...keptBy(node, await changelogState(log, stage.changelog!, partition)));
  return rows;
}
