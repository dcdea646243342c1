/** Filters and projections. On a table they map both sides of a change, which is all that retracting takes. */
import type { FilterTransform, ProjectTransform, Row } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { evaluateRow } from './expressions.js';
import { type Change, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';

abstract class Stateless extends Operator {
  /** The row that comes of one; null: none. Throws ExpressionError. */
  protected abstract map(row: StreamRow): Row | null;

  override row(row: StreamRow, effects: Effect[]): void {
    const mapped = this.map(row);
    effects.push(() => this.rowsIn++);
    if (mapped === null) return;
    for (const next of this.next) next.row({ ...row, row: mapped }, effects);
    effects.push(() => this.rowsOut++);
  }

  override change(change: Change): void {
    this.rowsIn++;
    this.emitChange(this.mapped(change.before), this.mapped(change.after));
  }

  override prime(row: TimedRow): void {
    const mapped = this.mapped(row);
    if (mapped !== null) for (const next of this.next) next.prime(mapped);
  }

  private mapped(timed: TimedRow | null): TimedRow | null {
    if (timed === null) return null;
    const row = this.orNull(() => this.map({ ...timed, source: null }));
    return row === null ? null : { row, time: timed.time };
  }
}

export class Filter extends Stateless {
  constructor(
    node: StageNode,
    stage: StageContext,
    private readonly transform: FilterTransform,
  ) {
    super(node, stage);
  }

  protected override map(row: StreamRow): Row | null {
    return evaluateRow(this.transform.condition, row, this.stage.env) === true ? row.row : null;
  }
}

export class Project extends Stateless {
  constructor(
    node: StageNode,
    stage: StageContext,
    private readonly transform: ProjectTransform,
  ) {
    super(node, stage);
  }

  protected override map(row: StreamRow): Row {
    return Object.fromEntries(this.transform.columns.map((c) => [c.name, evaluateRow(c.expr, row, this.stage.env)]));
  }
}
