import type {
  Column,
  FilterTransform,
  FoldTransform,
  JoinTransform,
  NamedExpr,
  OverTransform,
  Plan,
  ProjectTransform,
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
import { merged, type Place, ROWS_OF_STREAMS, type StageDraft } from './place.js';
import { retracting, type TableFacts, whyNotOverTable } from './table-folds.js';
import type { PhysicalPlan, RepartitionInput, SourceInput, Stage, SendTransform, StageInput, StageNode } from './physical.js';

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

class Stager {
  private readonly applicationId: string;
  private readonly stages: StageDraft[] = [];
  private readonly places = new Map<string, readonly Place[]>();
  private readonly keyChecked = new Set<string>();

  constructor(private readonly plan: Plan) {
    this.applicationId = applicationIdOf(plan.pipeline);
  }

  run(): PhysicalPlan {
    for (const source of this.plan.sources) this.places.set(source.id, [this.source(source)]);
    for (const step of this.plan.steps) this.places.set(step.id, this.step(step));
    for (const sink of this.plan.sinks) this.sink(sink);
    return { pipeline: this.plan.pipeline, applicationId: this.applicationId, stages: this.stages.map((draft) => this.finish(draft)) };
  }

  private newStage(...inputs: StageInput[]): StageDraft {
    const id = this.stages.length;
    const draft: StageDraft = { id, inputs, nodes: [], outputs: [], stores: [] };
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
      table: source.output.kind === 'table',
    };
    if (input.table) this.keyChecked.add(input.id);
    const stage = this.newStage(input);
    return {
      stage,
      feeds: [{ input: 0 }],
      relation: source.output,
      partitionedBy: source.key === null ? null : [source.key],
      folded: false,
      ...ROWS_OF_STREAMS,
    };
  }

  private step(step: StepNode): readonly Place[] {
    let places = this.placesOf(step.input, step.span);
    if (step.transforms.length === 0 && step.others !== undefined)
      places = merged([...places, ...step.others.flatMap((other) => this.placesOf(other, step.span))]);
    for (const [i, transform] of step.transforms.entries()) places = this.transform(places, step, transform, i);
    return places.map((place) => ({ ...place, relation: step.output }));
  }

  private placesOf(id: string, span: Span): readonly Place[] {
    const places = this.places.get(id);
    if (!places) throw new StagingError(`the input "${id}" is not part of the plan`, span);
    return places;
  }

  private transform(places: readonly Place[], step: StepNode, transform: Transform, index: number): readonly Place[] {
    switch (transform.type) {
      case 'fold':
        return [this.fold(places, step, transform)];
      case 'over':
        return [this.over(places, step, transform)];
      case 'join':
        return [this.join(places, this.placesOf(step.others![0], step.span), step, transform)];
      case 'rank':
        return [this.rank(places[0], step, transform, index === step.transforms.length - 1 ? step.output : null)];
      default:
        return places.map((place) => this.stateless(place, step, transform));
    }
  }

  private stateless(place: Place, step: StepNode, transform: FilterTransform | ProjectTransform): Place {
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
    }
  }

  private fold(places: readonly Place[], step: StepNode, transform: FoldTransform): Place {
    const [place] = places;
    const overTable = place.relation.kind === 'table';
    if (overTable) {
      const problem = whyNotOverTable(transform, place);
      if (problem !== null) throw new StagingError(problem, step.span);
      transform = retracting(transform);
    }
    const facts: TableFacts = { periodic: transform.emit.mode === 'every', inexactTimes: overTable };
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
    if (places.length === 1 && !place.folded && this.together(place, transform.group)) {
      const store = place.stage.stores.length;
      const added = this.add(
        place,
        { op: 'fold', mode: 'full', transform, store, output: null, ...this.base(place, step, relation) },
        relation,
        partitionedBy,
      );
      place.stage.stores.push({ kind: 'fold', node: place.stage.nodes.length - 1 });
      return { ...added, ...facts, folded: true };
    }
    const next = this.newStage();
    for (const each of places) {
      const output = this.send(each, next, each.relation.columns);
      this.add(each, { op: 'fold', mode: 'partial', transform, store: null, output, ...this.base(each, step, relation) }, relation, null);
    }
    const feeds = next.inputs.map((_, input) => ({ input }));
    const received: Place = { ...place, stage: next, feeds, partitionedBy, folded: false };
    next.stores.push({ kind: 'fold', node: 0 });
    const merged = this.add(
      received,
      { op: 'fold', mode: 'merge', transform, store: 0, output: null, ...this.base(received, step, relation) },
      relation,
      partitionedBy,
    );
    return { ...merged, ...facts, folded: true };
  }

  /** Both sides are sent by the join key to a stage of the join's own. */
  private join(left: readonly Place[], right: readonly Place[], step: StepNode, transform: JoinTransform): Place {
    const next = this.newStage();
    const all = left[0].relation.columns.map((column): NamedExpr => ({
      name: column.name,
      expr: { kind: 'column', ...column, span: step.span },
    }));
    const graceMs = transform.how.kind === 'within' ? transform.how.graceMs : 0;
    const sides = [
      this.sendRows(left, next, step, { type: 'send', key: transform.leftKey, columns: all, graceMs, table: false }),
      this.sendRows(right, next, step, {
        type: 'send',
        key: transform.rightKey,
        columns: transform.take,
        graceMs,
        table: transform.how.kind !== 'within',
      }),
    ] as const;
    const relation = step.output;
    const feeds = next.inputs.map((_, input) => ({ input }));
    const received: Place = { stage: next, feeds, relation: left[0].relation, partitionedBy: null, folded: false, ...ROWS_OF_STREAMS };
    const rightColumns = transform.take.map(({ name, expr }) => ({ name, type: expr.type }));
    next.stores.push({ kind: 'join', node: 0 });
    // Where a left row is missing, what is no plain column has no value.
    const names = transform.leftKey.map((expr) => (expr.kind === 'column' ? expr.name : null));
    const partitionedBy = names.includes(null) ? null : (names as string[]);
    const node: StageNode = { op: 'join', transform, sides, rightColumns, store: 0, ...this.base(received, step, relation) };
    return { ...this.add(received, node, relation, partitionedBy), folded: true };
  }

  /** Sends the rows of some places to a stage; the numbers of its inputs. */
  private sendRows(places: readonly Place[], next: StageDraft, step: StepNode, transform: SendTransform): readonly number[] {
    return places.map((place) => {
      const columns = transform.columns.map(({ name, expr }) => ({ name, type: expr.type }));
      const output = this.send(place, next, columns);
      const relation: Relation = { ...place.relation, columns };
      this.add(place, { op: 'send', transform, output, ...this.base(place, step, relation) }, relation, null);
      return next.inputs.length - 1;
    });
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
    if (transform.emit.mode === 'every') place = { ...place, periodic: true };
    const whole = place.partitionedBy?.every((name) => transform.group.includes(name)) ?? false;
    if (whole)
      return this.add(
        place,
        { op: 'rank', mode: 'single', transform, store: null, output: null, ...this.base(place, step, relation) },
        relation,
        transform.group,
      );
    const next = this.newStage();
    const to = this.send(place, next, place.relation.columns);
    this.add(
      place,
      { op: 'rank', mode: 'local', transform, store: null, output: to, ...this.base(place, step, place.relation) },
      place.relation,
      null,
    );
    const received: Place = { ...place, stage: next, feeds: [{ input: 0 }], partitionedBy: transform.group, folded: false };
    next.stores.push({ kind: 'rows', node: 0 });
    return this.add(
      received,
      { op: 'rank', mode: 'global', transform, store: 0, output: null, ...this.base(received, step, relation) },
      relation,
      transform.group,
    );
  }

  /** Rows are sorted where those of a group meet; what is computed of single rows is computed before, where they come from. */
  private over(places: readonly Place[], step: StepNode, transform: OverTransform): Place {
    const { relation: input } = places[0];
    if (input.kind === 'table') throw new StagingError(`"${step.verb}" with \`over\` takes streams, and this is a table`, step.span);
    const { project, over } = overColumns(transform, input.columns);
    const prepared = project === null ? places : places.map((place) => this.stateless(place, step, project));
    const relation: Relation = { ...input, columns: over.columns.map(({ name, expr }) => ({ name, type: expr.type })) };
    const kept = (names: readonly (string | null)[] | null): readonly string[] | null => {
      const found = names?.map((name) => over.columns.find(({ expr }) => expr.kind === 'column' && expr.name === name)?.name);
      return found?.every((name) => name !== undefined) ? found : null;
    };
    const sorted = (mode: 'full' | 'receive', from: Place, partitionedBy: readonly string[] | null): Place => {
      const store = from.stage.stores.length;
      from.stage.stores.push({ kind: 'trail', node: from.stage.nodes.length });
      const node: StageNode = { op: 'over', mode, transform: over, store, output: null, ...this.base(from, step, relation) };
      return this.add(from, node, relation, partitionedBy);
    };
    const [place] = prepared;
    if (prepared.length === 1 && this.together(place, over.group)) return sorted('full', place, kept(place.partitionedBy));
    const next = this.newStage();
    for (const each of prepared) {
      const output = this.send(each, next, each.relation.columns);
      const node: StageNode = { op: 'over', mode: 'send', transform: over, store: null, output, ...this.base(each, step, each.relation) };
      this.add(each, node, each.relation, null);
    }
    const feeds = next.inputs.map((_, i) => ({ input: i }));
    const partitionedBy = kept(over.group.map(({ expr }) => (expr.kind === 'column' ? expr.name : null)));
    return sorted('receive', { ...place, stage: next, feeds, folded: false }, partitionedBy);
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

  /** A repartition output of a place, and the input of another stage that it goes to. */
  private send(place: Place, next: StageDraft, columns: readonly Column[]): number {
    const input = next.inputs.length;
    const topic = `${this.applicationId}-${String(next.id)}-${input === 0 ? '' : `${String(input)}-`}repartition`;
    next.inputs.push({ kind: 'repartition', topic, fromStage: place.stage.id, columns } satisfies RepartitionInput);
    place.stage.outputs.push({ kind: 'repartition', topic, toStage: next.id });
    return place.stage.outputs.length - 1;
  }

  private sink(sink: SinkNode): void {
    for (const place of this.placesOf(sink.input, sink.span)) this.sinkAt(place, sink);
  }

  private sinkAt(place: Place, sink: SinkNode): void {
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

  private add(place: Place, node: StageNode, relation: Relation, partitionedBy: readonly string[] | null): Place {
    const input = 'input' in node.from ? place.stage.inputs[node.from.input] : null;
    if (input?.kind === 'source' && input.table && node.op !== 'send') {
      const span = [...this.plan.steps, ...this.plan.sinks].find(({ id }) => id === node.step)!.span;
      throw new StagingError('a source of `kind: table` can only be joined with yet, as it stands', span);
    }
    place.stage.nodes.push(node);
    return { ...place, feeds: [{ node: place.stage.nodes.length - 1 }], relation, partitionedBy };
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
