import {
  showStore,
  type JoinTransform,
  type Plan,
  type SinkNode,
  type SourceNode,
  type Span,
  type StepNode,
  type Transform,
} from '@rta/dsl';
import { ColumnsNeeded, type Needed } from './columns-needed.js';
import { sourcesReadTogether } from './copartitioned.js';
import type { PhysicalPlan, SourceInput } from './physical.js';
import { merged, type Place, ROWS_OF_STREAMS, type StageDraft } from './place.js';
import { StageBuilder, StagingError, type StagingOptions } from './stage-builder.js';
import { stageAlert } from './stage-alert.js';
import { stageFold } from './stage-fold.js';
import { stageJoin } from './stage-join.js';
import { stageOver } from './stage-over.js';
import { stageRank } from './stage-rank.js';
import { stageSpread } from './stage-spread.js';
import { stageStateless } from './stage-stateless.js';
import { stageTables } from './stage-tables.js';
import { keepRows } from './table-rows.js';

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
export function planStages(plan: Plan, options: StagingOptions = {}): PhysicalPlan {
  return new Stager(plan, options).run();
}

class Stager {
  private readonly applicationId: string;
  private readonly builder: StageBuilder;
  private readonly places = new Map<string, readonly Place[]>();
  private readonly needed: ColumnsNeeded;

  /** Stages that several sources are read in, by source. */
  private readonly shared = new Map<string, StageDraft>();

  /** Sources of `kind: table`, as they are read. */
  private readonly records = new Map<string, Place>();

  constructor(
    private readonly plan: Plan,
    options: StagingOptions,
  ) {
    this.applicationId = options.applicationId ?? plan.applicationId ?? applicationIdOf(plan.pipeline);
    this.builder = new StageBuilder(this.applicationId, options);
    this.needed = new ColumnsNeeded(plan);
  }

  run(): PhysicalPlan {
    for (const group of sourcesReadTogether(this.plan)) {
      const stage = this.builder.newStage();
      for (const id of group) this.shared.set(id, stage);
    }
    for (const source of this.plan.sources) {
      const place = this.source(source);
      if (source.output.kind === 'table') this.records.set(source.id, place);
      else this.places.set(source.id, [place]);
    }
    for (const step of this.plan.steps) this.places.set(step.id, this.step(step));
    for (const sink of this.plan.sinks) this.sink(sink);
    return { pipeline: this.plan.pipeline, applicationId: this.applicationId, stages: this.builder.finished() };
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
      keyAdds: source.keyAdds,
      checkKey: false,
      checkPartition: false,
      time: source.time,
      latenessMs: source.latenessMs,
      idleMs: source.idleMs,
      maxAheadMs: source.maxAheadMs,
      maxDriftMs: source.maxDriftMs,
      start: source.start,
      onIncompatibleSchemaChange: source.onIncompatibleSchemaChange ?? 'stop',
      table: source.output.kind === 'table',
    };
    if (input.table) this.builder.keyChecked.add(input.id);
    const stage = this.shared.get(source.id) ?? this.builder.newStage();
    stage.inputs.push(input);
    return {
      stage,
      feeds: [{ input: stage.inputs.length - 1 }],
      relation: source.output,
      partitionedBy: source.key,
      folded: false,
      ...ROWS_OF_STREAMS,
    };
  }

  private step(step: StepNode): readonly Place[] {
    let places = this.placesOf(step.input, step.span);
    if (step.transforms.length === 0 && step.others !== undefined)
      places = merged([...places, ...step.others.flatMap((other) => this.placesOf(other, step.span))]);
    for (const [i, transform] of step.transforms.entries()) places = this.transform(places, step, transform, i);
    const relation = this.needed.outputOf(step);
    return places.map((place) => ({ ...place, relation }));
  }

  private placesOf(id: string, span: Span): readonly Place[] {
    const records = this.records.get(id);
    // What is done with a table's rows, but for looking up one as of a time, needs them all at hand.
    if (records !== undefined && !this.places.has(id))
      this.places.set(id, [
        keepRows(
          this.builder,
          records,
          this.plan.sources.find((source) => source.id === id)!,
        ),
      ]);
    const places = this.places.get(id);
    if (!places) throw new StagingError(`the input "${id}" is not part of the plan`, span);
    return places;
  }

  private transform(places: readonly Place[], step: StepNode, transform: Transform, index: number): readonly Place[] {
    switch (transform.type) {
      case 'fold':
        return [stageFold(this.builder, places, step, transform)];
      case 'over':
        return [stageOver(this.builder, places, step, transform, this.needed.after(step, index))];
      case 'alert':
        return [stageAlert(this.builder, places[0], step, transform)];
      case 'join':
        return [this.join(places, step, transform, this.needed.after(step, index))];
      case 'rank':
        return [stageRank(this.builder, places[0], step, transform, index === step.transforms.length - 1 ? step.output : null)];
      case 'spread':
        return places.map((place) => stageSpread(this.builder, place, step, transform));
      default:
        return places.map((place) => stageStateless(this.builder, place, step, transform));
    }
  }

  private join(left: readonly Place[], step: StepNode, transform: JoinTransform, needed: Needed): Place {
    const [other] = step.others!;
    const { how } = transform;
    if (how.kind === 'tables') return stageTables(this.builder, left[0], this.placesOf(other, step.span)[0], step, transform);
    const records = how.kind === 'within' ? undefined : this.records.get(other);
    return stageJoin(this.builder, left, records === undefined ? this.placesOf(other, step.span) : [records], step, transform, needed);
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
      keyFormat: sink.keyFormat,
      table: place.relation.kind === 'table',
      key: sink.key,
      keySchema: sink.keySchema,
      valueSchema: sink.valueSchema,
      columns: sink.columns,
      ...(sink.store === undefined ? {} : { store: showStore(sink.store) }),
    });
    const step = { id: sink.id, verb: 'sink' } as StepNode;
    this.builder.add(place, { op: 'sink', output, ...this.builder.base(place, step, place.relation) }, place.relation, place.partitionedBy);
  }
}
