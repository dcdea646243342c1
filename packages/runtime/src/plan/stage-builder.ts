import type { Column, NamedExpr, Relation, Span, StepNode } from '@rta/dsl';
import { columnsOf, columnsUsed } from './columns-used.js';
import {
  feedsOf,
  type RepartitionInput,
  type SendTransform,
  type SourceInput,
  type Stage,
  type StageInput,
  type StageNode,
} from './physical.js';
import type { Place, StageDraft } from './place.js';

/** A plan that the engine cannot run, with the step that asks for it. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
  constructor(
    message: string,
    readonly span: Span,
  ) {
    super(message);
  }
}

/** How a plan is cut into stages, where there is a choice: results are the same. */
export interface StagingOptions {
  /** Of a version that was rebuilt; default: `rta.<pipeline>`. */
  readonly applicationId?: string;
  /** Windows that overlap are computed from panes where that pays. Default true. */
  readonly panes?: boolean;
}

/** The stages of a plan as they are put together; what the kinds of steps (`stage-*.ts`) have in common. */
export class StageBuilder {
  private readonly stages: StageDraft[] = [];
  /** Source inputs whose keys are checked per record, by id; and those whose partitions are. */
  readonly keyChecked = new Set<string>();
  readonly partitionChecked = new Set<string>();

  constructor(
    private readonly applicationId: string,
    readonly options: StagingOptions = {},
  ) {}

  /** The stages so far, complete. */
  finished(): readonly Stage[] {
    return this.stages.map((draft) => this.finish(draft));
  }

  /** A further stage, with inputs. */
  newStage(...inputs: StageInput[]): StageDraft {
    const id = this.stages.length;
    const draft: StageDraft = { id, inputs, nodes: [], outputs: [], stores: [] };
    this.stages.push(draft);
    return draft;
  }

  /** Adds a node that reads from a place; the place of its rows. */
  add(place: Place, node: StageNode, relation: Relation, partitionedBy: readonly string[] | null): Place {
    place.stage.nodes.push(node);
    return { ...place, feeds: [{ node: place.stage.nodes.length - 1 }], relation, partitionedBy };
  }

  /** What all nodes have: fed from a place, giving `relation`. */
  base(place: Place, step: Pick<StepNode, 'id'>, relation: Relation) {
    return {
      id: `${step.id}${place.stage.nodes.some((n) => n.step === step.id) ? `.${String(place.stage.nodes.length)}` : ''}`,
      step: step.id,
      from: place.feeds[0],
      ...(place.feeds.length > 1 ? { merges: place.feeds.slice(1) } : {}),
      inputColumns: place.relation.columns,
      inputKind: place.relation.kind,
      inputKey: place.relation.key,
      columns: relation.columns,
      kind: relation.kind,
      key: relation.key,
    };
  }

  /** A repartition output of a place, and the input of another stage that it goes to. */
  send(place: Place, next: StageDraft, columns: readonly Column[]): number {
    const input = next.inputs.length;
    const topic = `${this.applicationId}-${String(next.id)}-${input === 0 ? '' : `${String(input)}-`}repartition`;
    next.inputs.push({ kind: 'repartition', topic, fromStage: place.stage.id, columns } satisfies RepartitionInput);
    place.stage.outputs.push({ kind: 'repartition', topic, toStage: next.id });
    return place.stage.outputs.length - 1;
  }

  /** Sends the rows of some places to a stage; the numbers of its inputs. */
  sendRows(places: readonly Place[], next: StageDraft, step: StepNode, transform: SendTransform): readonly number[] {
    return places.map((place) => {
      const columns = transform.columns.map(({ name, expr }) => ({ name, type: expr.type }));
      const output = this.send(place, next, columns);
      const relation: Relation = { ...place.relation, columns };
      this.add(place, { op: 'send', transform, output, ...this.base(place, step, relation) }, relation, null);
      return next.inputs.length - 1;
    });
  }

  /** Whether all rows of a group are in one task already: a column that rows are partitioned by is itself a group column. */
  together(place: Place, group: readonly NamedExpr[]): boolean {
    const by = place.partitionedBy;
    if (by === null) return false;
    const grouped = by.every((name) => group.some((g) => g.expr.kind === 'column' && g.expr.name === name));
    if (grouped) for (const { id } of this.sourcesOf(place)) this.keyChecked.add(id);
    return grouped;
  }

  /** The sources that the rows of a place come from without having moved; none where they have. */
  sourcesOf({ stage, feeds }: Pick<Place, 'stage' | 'feeds'>): readonly SourceInput[] {
    return feeds.flatMap((feed) => {
      if ('node' in feed) return this.sourcesOf({ stage, feeds: feedsOf(stage.nodes[feed.node]) });
      const input = stage.inputs[feed.input];
      return input.kind === 'source' ? [input] : [];
    });
  }

  private finish(draft: StageDraft): Stage {
    const inputs = draft.inputs.map((input, i): StageInput => {
      if (input.kind !== 'source') return input;
      const used = columnsUsed(draft.nodes, i);
      if (input.time.from === 'column') columnsOf(input.time.expr, used);
      const checkKey = this.keyChecked.has(input.id);
      const checkPartition = this.partitionChecked.has(input.id);
      if (checkKey) for (const name of input.key ?? []) used.add(name);
      return { ...input, checkKey, checkPartition, used: input.columns.map((c) => c.name).filter((name) => used.has(name)) };
    });
    const { id, nodes, outputs, stores } = draft;
    return { id, inputs, nodes, outputs, stores, changelog: stores.length > 0 ? `${this.applicationId}-${String(id)}-changelog` : null };
  }
}
