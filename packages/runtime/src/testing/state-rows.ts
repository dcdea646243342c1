/** What the steps of a tested pipeline keep. */
import type { Column, Row } from '@rta/dsl';
import { foldOperator } from '../kernel/interpreter/interpret-stage.js';
import type { FoldNode } from '../kernel/interpreter/keyed-fold.js';
import type { StageContext } from '../kernel/interpreter/operator.js';
import { records } from '../log/batch/records.js';
import type { Log } from '../log/log.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import { decodePosition, isPositionKey } from '../task/position.js';
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

/** As a restart would bring it back: the changelog into a fold of the interpreter. */
async function rowsOf(log: Log, { stage, node }: StageFold): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { partition, low, stable } of await log.offsets(stage.changelog!)) {
    const newest = new Map<string, readonly [Uint8Array, Uint8Array | null]>();
    let watermark = -Infinity;
    for await (const batch of log.read(stage.changelog!, partition, low, stable))
      for (const { key, value } of records(batch, low)) {
        if (key === null) continue;
        if (isPositionKey(key)) watermark = decodePosition(Buffer.from(value!).toString())!.watermark;
        else if (key[0] === node.store) newest.set(Buffer.from(key).toString('latin1'), [key, value]);
      }
    const fold = foldOperator(node, NO_STAGE);
    for (const [key, value] of newest.values()) fold.restore(key.subarray(1), value);
    fold.restored(watermark);
    rows.push(...fold.kept());
  }
  return rows;
}

/** A fold that is only looked at writes nothing and asks for nothing. */
const NO_STAGE: StageContext = {
  env: {
    partition: 0,
    output: () => unused(),
    partitions: [],
    schemaIds: [],
    changelog: () => null,
    store: null,
    memoryLimit: Infinity,
    late: unused,
    reject: unused,
    now: () => 0,
  },
  tableError: () => undefined,
  changelog: unused,
  write: unused,
};

function unused(): never {
  throw new Error('state that is only looked at was written');
}
