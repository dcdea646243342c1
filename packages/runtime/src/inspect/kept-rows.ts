/** What a fold keeps, as rows: its changelog into a fold of the interpreter, as a restart would bring it back. */
import type { Row } from '@rta/dsl';
import { foldOperator } from '../kernel/interpreter/interpret-stage.js';
import type { FoldNode } from '../kernel/interpreter/keyed-fold.js';
import type { StageContext } from '../kernel/interpreter/operator.js';
import type { ChangelogState } from './changelog.js';

/** Rows of one partition, whether they were handed on or not. */
export function keptBy(node: FoldNode, { entries, position }: ChangelogState): readonly Row[] {
  const fold = foldOperator(node, NO_STAGE);
  for (const [key, value] of entries.values()) if (key[0] === node.store) fold.restore(key.subarray(1), value);
  fold.restored(position?.watermark ?? -Infinity);
  return fold.kept();
}

/** A fold that is only looked at writes nothing and asks for nothing. */
const NO_STAGE: StageContext = {
  env: {
    partition: 0,
    tasks: null,
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
