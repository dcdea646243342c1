import type {
  Column,
  FoldTransform,
  NamedExpr,
  OverTransform,
  Plan,
  RankTransform,
  Relation,
  SinkNode,
  SourceNode,
  Span,
  StepNode,
  Transform,
} from '@rta/dsl';
import { columnsOf, columnsUsed } from './columns-used.js';
import { overColumns } from './over-columns.js';
import type { PhysicalPlan, RepartitionInput, SourceInput, Stage, StageInput, StageNode, StageOutput, StoreSpec } from './physical.js';

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

/** Prefix of a pipeline's consumer group and internal topics. */
export function applicationIdOf(pipeline: string): string {
  return `rta.${pipeline}`;
}

/**
 * Splits a logical plan into stages. A stage ends where rows must meet others by a key they are not partitioned by: there a fold is done in
 * two halves (`partial`, `merge`) and a rank in two levels (`local`, `global`), so that what crosses is one row per key and commit.
 *
 * A fold over the rows of another fold is always split off: its stage then gets a watermark that is the first one's less its grace, so
 * that no result of the first is late for the second (SEMANTICS rule 7).
 */
export function planStages(plan: Plan): PhysicalPlan {
  return new Stager(plan).run();
}

/** Where an edge of the logical plan is available: a stage, and an input or node in it. */
interface Place {
  readonly stage: StageDraft;
  readonly from: { readonly input: number } | { readonly node: number };
  readonly relation: Relation;
  /** Rows with equal values in these columns are in one task; null: nothing known; empty: all rows are in one task. */
  readonly partitionedBy: readonly string[] | null;
  /** Some fold stands between the stage's input and here. */
  readonly folded: boolean;
}

interface StageDraft {
  readonly id: number;
  readonly inputs: StageInput[];
  readonly nodes: StageNode[];
  readonly outputs: StageOutput[];
  readonly stores: StoreSpec[];
}

class Stager {
  private readonly applicationId: string;
  private readonly stages: StageDraft[] = [];
  private readonly places = new Map<string, Place>();
  private readonly keyChecked = new Set<string>();

  constructor(private readonly plan: Plan) {
    this.applicationId = applicationIdOf(plan.pipeline);
  }

  run(): PhysicalPlan {
    for (const source of this.plan.sources) this.places.set(source.id, this.source(source));
    for (const step of this.plan.steps) this.places.set(step.id, this.step(step));
    for (const sink of this.plan.sinks) this.sink(sink);
    return { pipeline: this.plan.pipeline, applicationId: this.applicationId, stages: this.stages.map((draft) => this.finish(draft)) };
  }

  private newStage(input: (id: number) => StageInput): StageDraft {
    const id = this.stages.length;
    const draft: StageDraft = { id, inputs: [input(id)], nodes: [], outputs: [], stores: [] };
    this.stages.push(draft);
    return draft;
  }

  private source(source: SourceNode): Place {
    const input: SourceInput = {
      kind: 'source',
      id: source.id,
      topic: source.topic,
      format: source.format,
      readerSchema: source.schema,
      columns: source.output.columns,
      used: [],
      keyFormat: source.keyFormat,
      key: source.key,
      checkKey: false,
      time: source.time,
      latenessMs: source.latenessMs,
      idleMs: source.idleMs,
    };
    const stage = this.newStage(() => input);
    return { stage, from: { input: 0 }, relation: source.output, partitionedBy: source.key === null ? null : [source.key], folded: false };
  }

  private step(step: StepNode): Place {
    let place = this.placeOf(step.input, step.span);
    for (const [i, transform] of step.transforms.entries()) place = this.transform(place, step, transform, i);
    return { ...place, relation: step.output };
  }

  private placeOf(id: string, span: Span): Place {
    const place = this.places.get(id);
    if (!place) throw new StagingError(`the input "${id}" is not part of the plan`, span);
    return place;
  }

  private transform(place: Place, step: StepNode, transform: Transform, index: number): Place {
    switch (transform.type) {
      case 'filter':
        return this.add(place, { op: 'filter', transform, ...this.base(place, step, place.relation) }, place.relation, place.partitionedBy);
      case 'project': {
        const columns = transform.columns.map((c) => ({ name: c.name, type: c.expr.type }));
        const kept = (name: string): string | null =>
          transform.columns.find((c) => c.expr.kind === 'column' && c.expr.name === name)?.name ?? null;
        const renamed = (names: readonly string[] | null): readonly string[] | null => {
          const mapped = names?.map(kept) ?? null;
          return mapped === null || mapped.includes(null) ? null : (mapped as string[]);
        };
        const relation: Relation = { ...place.relation, columns, key: renamed(place.relation.key) };
        return this.add(place, { op: 'project', transform, ...this.base(place, step, relation) }, relation, renamed(place.partitionedBy));
      }
      case 'fold':
        return this.fold(place, step, transform);
      case 'rank':
        return this.rank(place, step, transform, index === step.transforms.length - 1 ? step.output : null);
      case 'over':
        return this.over(place, step, transform);
    }
  }

  private fold(place: Place, step: StepNode, transform: FoldTransform): Place {
    if (place.relation.kind === 'table')
      throw new StagingError(
        `"${step.verb}" over a table is not available yet; make the table a stream with a window and \`emit: final\``,
        step.span,
      );
    const groups = transform.group.map((g) => ({ name: g.name, type: g.expr.type }));
    const windowColumns: Column[] = transform.window
      ? ['window_start', 'window_end'].map((name) => ({ name, type: { kind: 'timestamp', unit: 'millis' } }))
      : [];
    const columns = [...groups, ...windowColumns, ...transform.results.map((r) => ({ name: r.name, type: r.expr.type }))];
    const relation: Relation = {
      kind: transform.emit.mode === 'final' ? 'stream' : 'table',
      columns,
      key: [...groups, ...windowColumns].map((c) => c.name),
      windowed: transform.window !== null,
    };
    const partitionedBy = groups.map((g) => g.name);
    if (!place.folded && this.together(place, transform.group)) {
      const store = place.stage.stores.length;
      const added = this.add(
        place,
        { op: 'fold', mode: 'full', transform, store, output: null, ...this.base(place, step, relation) },
        relation,
        partitionedBy,
      );
      place.stage.stores.push({ kind: 'fold', node: place.stage.nodes.length - 1 });
      return { ...added, folded: true };
    }
    const { output, next } = this.split(place, place.relation.columns);
    this.add(place, { op: 'fold', mode: 'partial', transform, store: null, output, ...this.base(place, step, relation) }, relation, null);
    const received: Place = { stage: next, from: { input: 0 }, relation: place.relation, partitionedBy, folded: false };
    next.stores.push({ kind: 'fold', node: 0 });
    const merged = this.add(
      received,
      { op: 'fold', mode: 'merge', transform, store: 0, output: null, ...this.base(received, step, relation) },
      relation,
      partitionedBy,
    );
    return { ...merged, folded: true };
  }

  private rank(place: Place, step: StepNode, transform: RankTransform, output: Relation | null): Place {
    if (place.relation.kind !== 'table') throw new StagingError('topK of a stream is not available yet; aggregate first', step.span);
    const ranked: Column[] = transform.rank === null ? [] : [{ name: transform.rank, type: { kind: 'long' } }];
    const key =
      transform.rank !== null
        ? [...transform.group, transform.rank]
        : transform.k === 1 && !transform.ties
          ? transform.group
          : place.relation.key;
    const relation: Relation = output ?? { kind: 'table', columns: [...ranked, ...place.relation.columns], key, windowed: false };
    const whole = place.partitionedBy?.every((name) => transform.group.includes(name)) ?? false;
    if (whole)
      return this.add(
        place,
        { op: 'rank', mode: 'single', transform, store: null, output: null, ...this.base(place, step, relation) },
        relation,
        transform.group,
      );
    const { output: to, next } = this.split(place, place.relation.columns);
    this.add(
      place,
      { op: 'rank', mode: 'local', transform, store: null, output: to, ...this.base(place, step, place.relation) },
      place.relation,
      null,
    );
    const received: Place = { stage: next, from: { input: 0 }, relation: place.relation, partitionedBy: transform.group, folded: false };
    next.stores.push({ kind: 'rows', node: 0 });
    return this.add(
      received,
      { op: 'rank', mode: 'global', transform, store: 0, output: null, ...this.base(received, step, relation) },
      relation,
      transform.group,
    );
  }

  private over(place: Place, step: StepNode, transform: OverTransform): Place {
    if (place.relation.kind === 'table')
      throw new StagingError(`"${step.verb}" with \`over\` takes streams, and this is a table`, step.span);
    const { project, over } = overColumns(transform, place.relation.columns);
    let from = project === null ? place : this.transform(place, step, project, 0);
    const columns = over.columns.map(({ name, expr }) => ({ name, type: expr.type }));
    const relation: Relation = { ...place.relation, columns };
    const kept = (names: readonly (string | null)[] | null): readonly string[] | null => {
      const found = names?.map((name) => over.columns.find(({ expr }) => expr.kind === 'column' && expr.name === name)?.name);
      return found?.every((name) => name !== undefined) ? found : null;
    };
    const partitionedBy = kept(over.group.map(({ expr }) => (expr.kind === 'column' ? expr.name : null)));
    const together = this.together(from, over.group);
    if (!together) {
      const { output, next } = this.split(from, from.relation.columns);
      this.add(
        from,
        { op: 'over', mode: 'send', transform: over, store: null, output, ...this.base(from, step, from.relation) },
        relation,
        null,
      );
      from = { stage: next, from: { input: 0 }, relation: from.relation, partitionedBy, folded: false };
    }
    const { stage } = from;
    const store = stage.stores.length;
    stage.stores.push({ kind: 'trail', node: stage.nodes.length });
    const mode = together ? 'full' : 'receive';
    return this.add(
      from,
      { op: 'over', mode, transform: over, store, output: null, ...this.base(from, step, relation) },
      relation,
      together ? kept(place.partitionedBy) : partitionedBy,
    );
  }

  /** Whether all rows of a group are in one task already: a column that rows are partitioned by is itself a group column. */
  private together(place: Place, group: readonly NamedExpr[]): boolean {
    const by = place.partitionedBy;
    if (by === null) return false;
    const grouped = by.every((name) => group.some((g) => g.expr.kind === 'column' && g.expr.name === name));
    const input = place.stage.inputs[0];
    if (grouped && input.kind === 'source') this.keyChecked.add(input.id);
    return grouped;
  }

  /** Ends a stage with a repartition output and begins the next with its input. */
  private split(place: Place, columns: readonly Column[]): { output: number; next: StageDraft } {
    const next = this.newStage((id): RepartitionInput => ({
      kind: 'repartition',
      topic: `${this.applicationId}-${String(id)}-repartition`,
      fromStage: place.stage.id,
      columns,
    }));
    const output = place.stage.outputs.length;
    place.stage.outputs.push({ kind: 'repartition', topic: (next.inputs[0] as RepartitionInput).topic, toStage: next.id });
    return { output, next };
  }

  private sink(sink: SinkNode): void {
    const place = this.placeOf(sink.input, sink.span);
    const output = place.stage.outputs.length;
    place.stage.outputs.push({
      kind: 'sink',
      id: sink.id,
      topic: sink.topic,
      format: sink.format,
      table: place.relation.kind === 'table',
      key: sink.key,
      keySchema: sink.keySchema,
      valueSchema: sink.valueSchema,
      columns: sink.columns,
    });
    const step = { id: sink.id, verb: 'sink' } as StepNode;
    this.add(place, { op: 'sink', output, ...this.base(place, step, place.relation) }, place.relation, place.partitionedBy);
  }

  private base(place: Place, step: Pick<StepNode, 'id'>, relation: Relation) {
    return {
      id: `${step.id}${place.stage.nodes.some((n) => n.step === step.id) ? `.${String(place.stage.nodes.length)}` : ''}`,
      step: step.id,
      from: place.from,
      inputColumns: place.relation.columns,
      inputKind: place.relation.kind,
      inputKey: place.relation.key,
      columns: relation.columns,
      kind: relation.kind,
      key: relation.key,
    };
  }

  private add(place: Place, node: StageNode, relation: Relation, partitionedBy: readonly string[] | null): Place {
    place.stage.nodes.push(node);
    return { ...place, from: { node: place.stage.nodes.length - 1 }, relation, partitionedBy };
  }

  private finish(draft: StageDraft): Stage {
    const inputs = draft.inputs.map((input, i): StageInput => {
      if (input.kind !== 'source') return input;
      const used = columnsUsed(draft.nodes, i);
      if (input.time.from === 'column') columnsOf(input.time.expr, used);
      const checkKey = this.keyChecked.has(input.id);
      if (checkKey && input.key !== null) used.add(input.key);
      return { ...input, checkKey, used: input.columns.map((c) => c.name).filter((name) => used.has(name)) };
    });
    const { id, nodes, outputs, stores } = draft;
    return { id, inputs, nodes, outputs, stores, changelog: stores.length > 0 ? `${this.applicationId}-${String(id)}-changelog` : null };
  }
}
