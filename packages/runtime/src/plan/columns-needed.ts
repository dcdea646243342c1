/**
 * Which columns of its rows anything behind a step needs: others need not be kept where rows wait for rows, nor sent to where they meet. A backward
 * pass over the logical plan. Tables are left as they are: what a row of theirs is told by may be any of its columns.
 */
import type { Column, JoinTransform, Plan, Relation, StepNode, Transform } from '@rta/dsl';
import { columnsGiven, columnsOf, columnsRead } from './columns-used.js';

/** Names of columns; null: of all. */
export type Needed = ReadonlySet<string> | null;

const NONE: ReadonlySet<string> = new Set();

export class ColumnsNeeded {
  /** By id of a source or step. */
  private readonly ofRows = new Map<string, Needed>();
  /** By id of a step: of the rows that each of its transforms gives. */
  private readonly ofTransforms = new Map<string, readonly Needed[]>();
  /** Sources and steps whose rows are records of one topic, each record a row at most: no two have the same place. */
  private readonly placed = new Set<string>();

  constructor(plan: Plan) {
    for (const { id, output } of [...plan.sources, ...plan.steps]) if (output.kind === 'table') this.ofRows.set(id, null);
    for (const { id, output } of plan.sources) if (output.kind === 'stream') this.placed.add(id);
    for (const step of plan.steps) if (this.hasPlaces(step, step.transforms.length)) this.placed.add(step.id);
    for (const { input } of plan.sinks) this.need(input, null);
    for (const step of [...plan.steps].reverse()) this.step(step);
  }

  private step(step: StepNode): void {
    const { id, input, others = [], transforms } = step;
    let needed = this.ofStep(id);
    const after: Needed[] = [];
    for (let i = transforms.length - 1; i >= 0; i--) {
      const transform = transforms[i];
      // Rows that may be equal in their places are sorted by all of their columns.
      const sortedByAll = transform.type === 'over' && !this.hasPlaces(step, i);
      if (sortedByAll) needed = null;
      after[i] = needed;
      if (transform.type === 'join') for (const other of others) this.need(other, neededOfRight(transform, needed));
      needed = sortedByAll ? null : neededOfInput(transform, needed);
    }
    this.ofTransforms.set(id, after);
    this.need(input, needed);
    // A union.
    if (transforms.length === 0) for (const other of others) this.need(other, needed);
  }

  /** Whether that is so of the rows that the transforms of a step before `index` give. */
  private hasPlaces({ input, others, transforms }: StepNode, index: number): boolean {
    const before = transforms.slice(0, index);
    return others === undefined && this.placed.has(input) && before.every(({ type }) => type === 'filter' || type === 'project');
  }

  private need(id: string, names: Needed): void {
    const known = this.ofStep(id);
    this.ofRows.set(id, known === null || names === null ? null : new Set([...known, ...names]));
  }

  private ofStep(id: string): Needed {
    const known = this.ofRows.get(id);
    return known === undefined ? NONE : known;
  }

  /** Of the rows that transform `index` of a step gives. */
  after(step: StepNode, index: number): Needed {
    return this.ofTransforms.get(step.id)![index];
  }

  /** A step's rows without the columns that nobody needs. */
  outputOf({ id, output }: StepNode): Relation {
    return narrowed(output, this.ofStep(id));
  }
}

/** Rows without the columns that nobody needs. */
export function narrowed(relation: Relation, needed: Needed): Relation {
  const { columns, key } = relation;
  if (needed === null || columns.every(({ name }) => needed.has(name))) return relation;
  return { ...relation, columns: columnsIn(columns, needed), key: key?.every((name) => needed.has(name)) === true ? key : null };
}

export function columnsIn(columns: readonly Column[], needed: Needed): readonly Column[] {
  return needed === null ? columns : columns.filter(({ name }) => needed.has(name));
}

/** What a transform needs of its (left) input, where so much of what it gives is needed. */
export function neededOfInput(transform: Transform, needed: Needed): Needed {
  switch (transform.type) {
    case 'rank':
    case 'spread':
    case 'alert':
      return null;
    case 'filter':
    case 'unnest':
      return needed === null ? null : columnsRead(transform, needed);
    case 'project':
    case 'over':
      return columnsRead(transform, needed ?? new Set(transform.columns.map(({ name }) => name)));
    case 'fold':
      return columnsRead(transform, needed ?? NONE);
    case 'join':
      return needed === null ? null : neededOfLeft(transform, needed);
  }
}

/** What a join needs of its left input. */
function neededOfLeft({ how, take, condition, leftKey }: JoinTransform, needed: ReadonlySet<string>): Needed {
  // Rows that wait for a table may be told apart by any column.
  if (how.kind !== 'within') return null;
  const judged = condition === null ? NONE : columnsOf(condition.expr);
  const ofRight = new Set([...take, ...(condition?.carried ?? [])].map(({ name }) => name));
  const names = new Set([...needed, ...judged].filter((name) => !ofRight.has(name)));
  for (const expr of leftKey) columnsOf(expr, names);
  return names;
}

/** What a join needs of its right input. */
function neededOfRight(transform: JoinTransform, needed: Needed): Needed {
  if (transform.how.kind !== 'within') return null;
  const names = new Set<string>();
  for (const expr of transform.rightKey) columnsOf(expr, names);
  for (const { expr } of takenOf(transform, needed)) columnsOf(expr, names);
  return names;
}

/** What a join keeps of its right rows. */
export function takenOf({ how, take, condition }: JoinTransform, needed: Needed): JoinTransform['take'] {
  const carried = condition?.carried ?? [];
  if (needed === null || how.kind !== 'within') return [...take, ...carried];
  const judged = condition === null ? NONE : columnsOf(condition.expr);
  return [...columnsGiven(take, new Set([...needed, ...judged])), ...carried];
}
