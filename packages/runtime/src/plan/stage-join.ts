import type { JoinTransform, KeyFormat, NamedExpr, StepNode, TypedExpr } from '@rta/dsl';
import type { SendTransform, SourceInput, StageNode } from './physical.js';
import { narrowed, type Needed, neededOfInput, takenOf } from './columns-needed.js';
import { type Place, ROWS_OF_STREAMS } from './place.js';
import { type StageBuilder, StagingError } from './stage-builder.js';

/** Both sides are sent by the join key to a stage of the join's own; or, where they lie alike, to a node of the stage that they are in. */
export function stageJoin(
  builder: StageBuilder,
  left: readonly Place[],
  others: readonly Place[],
  step: StepNode,
  transform: JoinTransform,
  needed: Needed,
): Place {
  const kept = narrowed(left[0].relation, neededOfInput(transform, needed));
  const all = kept.columns.map((column): NamedExpr => ({
    name: column.name,
    expr: { kind: 'column', ...column, span: step.span },
  }));
  const right = takenOf(transform, needed);
  const graceMs = transform.how.kind === 'within' ? transform.how.graceMs : 0;
  const sends: readonly [SendTransform, SendTransform] = [
    { type: 'send', key: transform.leftKey, columns: all, graceMs, table: false },
    { type: 'send', key: transform.rightKey, columns: right, graceMs, table: transform.how.kind !== 'within' },
  ];
  const rightColumns = right.map(({ name, expr }) => ({ name, type: expr.type }));
  // Where a left row is missing, what is no plain column has no value.
  const names = transform.leftKey.map((expr) => (expr.kind === 'column' ? expr.name : null));
  const partitionedBy = names.includes(null) ? null : (names as string[]);
  const joined = (received: Place, sides: readonly [readonly number[], readonly number[]]): Place => {
    const store = received.stage.stores.length;
    received.stage.stores.push({ kind: 'join', node: received.stage.nodes.length });
    const relation = narrowed(step.output, needed);
    const node: StageNode = { op: 'join', transform, sides, rightColumns, store, ...builder.base(received, step, relation) };
    return { ...builder.add(received, node, relation, partitionedBy), folded: true };
  };
  if (transform.copartitioned === true) {
    const places = [alone(builder, left, step, transform.leftKey), alone(builder, others, step, transform.rightKey)] as const;
    checkAlike(builder, places, step, transform);
    const [{ stage }] = places;
    const feeds = places.map((place, i) => {
      const side = i === 0 ? 0 : 1;
      const columns = sends[side].columns.map(({ name, expr }) => ({ name, type: expr.type }));
      const sent = { ...place.relation, columns };
      builder.add(place, { op: 'send', transform: sends[side], output: null, side, ...builder.base(place, step, sent) }, sent, null);
      return { node: stage.nodes.length - 1 };
    });
    return joined({ stage, feeds, relation: kept, partitionedBy: null, folded: false, ...ROWS_OF_STREAMS }, [[], []]);
  }
  const next = builder.newStage();
  const sides = [builder.sendRows(left, next, step, sends[0]), builder.sendRows(others, next, step, sends[1])] as const;
  const feeds = next.inputs.map((_, input) => ({ input }));
  return joined({ stage: next, feeds, relation: kept, partitionedBy: null, folded: false, ...ROWS_OF_STREAMS }, sides);
}

/** A side of a join that does not move. */
function alone(builder: StageBuilder, places: readonly Place[], step: StepNode, key: readonly TypedExpr[]): Place {
  const [place] = places;
  const by = place.partitionedBy;
  const lies = by !== null && by.every((name) => key.some((expr) => expr.kind === 'column' && expr.name === name));
  if (places.length > 1 || !lies || builder.sourcesOf(place).length === 0)
    throw new StagingError(
      '`copartitioned` joins rows where they are, and a side of this join has moved before, or is several topics',
      step.span,
    );
  return place;
}

/** Formats of keys of which equal values have equal bytes, whoever wrote them. */
export const PLAIN_KEYS: readonly KeyFormat[] = ['string', 'int', 'long'];

/** Both sides come from topics whose keys are written alike, and are in one stage; their records' places are checked. */
function checkAlike(builder: StageBuilder, places: readonly Place[], step: StepNode, { leftKey }: JoinTransform): void {
  const sources = places.flatMap((place) => builder.sourcesOf(place));
  const typeOf = ({ key, columns }: SourceInput): string =>
    (key ?? []).map((name) => JSON.stringify(columns.find((column) => column.name === name)!.type)).join();
  const [first] = sources;
  for (const source of sources) {
    if (!PLAIN_KEYS.includes(source.keyFormat))
      throw new StagingError(
        `\`copartitioned\` is for keys in ${PLAIN_KEYS.join(', ')}, of which equal ones have equal bytes; those of ${source.topic} are in ${source.keyFormat}`,
        step.span,
      );
    if (source.keyFormat !== first.keyFormat || typeOf(source) !== typeOf(first))
      throw new StagingError(
        `\`copartitioned\`: the keys of ${first.topic} and ${source.topic} are not written alike, so equal ones are in different partitions`,
        step.span,
      );
    builder.keyChecked.add(source.id);
    builder.partitionChecked.add(source.id);
  }
  if (places[0].stage !== places[1].stage || leftKey.length === 0)
    throw new StagingError('`copartitioned`: the sides of this join are not read together', step.span);
}
