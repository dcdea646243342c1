/** Boards as their sinks have them: a rank's rows taken through the steps between it and the sink. */
import {
  evaluate,
  showDecimal,
  type Board,
  type Column,
  type Env,
  type Plan,
  type Row,
  type StepNode,
  type Transform,
  type Value,
} from '@rta/dsl';
import type { WorkerSnapshot } from '@rta/runtime';

export interface BoardView {
  readonly pipeline: string;
  readonly board: Board;
  /** Columns of the sink, in its order. */
  readonly columns: readonly Column[];
  /** Best first. */
  readonly rows: readonly Row[];
}

/** How a board's rows are made of a rank's. */
interface Course {
  /** The step that ranks. */
  readonly rank: string;
  readonly after: readonly Transform[];
}

/** The boards of a pipeline whose rank this process has at work; those of others are not among them. */
export function boardViews(plan: Plan, snapshot: Pick<WorkerSnapshot, 'boards'>): BoardView[] {
  return (plan.boards ?? []).flatMap((board): BoardView[] => {
    const sink = plan.sinks.find(({ id }) => id === board.sink);
    const course = rankOf(plan, board);
    if (!sink || !course || board.range !== undefined) return [];
    const tasks = snapshot.boards.filter(({ step }) => step === course.rank);
    if (tasks.length === 0) return [];
    const { columns } = sink;
    const rows = tasks
      .flatMap((task) => task.rows as readonly Row[])
      .flatMap((row) => follow(course.after, row))
      .map((row): Row => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])));
    return [{ pipeline: plan.pipeline, board, columns, rows: shown(columns, ordered(rows, board.by)) }];
  });
}

/** The rank whose rows a board shows; null where it shows no rank's. */
export function rankOf(plan: Plan, board: Board): Course | null {
  const sink = plan.sinks.find(({ id }) => id === board.sink);
  return sink === undefined ? null : courseTo(plan, sink.input);
}

/** From a sink's input up to the nearest rank; null where there is none before the rows' source or an aggregate. */
function courseTo(plan: Plan, input: string): Course | null {
  let after: readonly Transform[] = [];
  let step: StepNode | undefined;
  for (let id = input; (step = plan.steps.find((s) => s.id === id)) !== undefined; id = step.input) {
    const rank = step.transforms.findLastIndex(({ type }) => type === 'rank');
    after = [...step.transforms.slice(rank + 1), ...after];
    if (after.some(({ type }) => type !== 'filter' && type !== 'project')) return null;
    if (rank >= 0) return { rank: step.id, after };
  }
  return null;
}

/** The row after the transforms; nothing where a filter holds it back or an expression fails, as in the engine (SEMANTICS rule 12). */
function follow(transforms: readonly Transform[], start: Row): Row[] {
  let row = start;
  try {
    for (const transform of transforms) {
      const env = envOf(row);
      if (transform.type === 'filter' && evaluate(transform.condition, env) !== true) return [];
      if (transform.type === 'project') row = Object.fromEntries(transform.columns.map(({ name, expr }) => [name, evaluate(expr, env)]));
    }
  } catch {
    return [];
  }
  return [row];
}

function envOf(row: Row): Env {
  return {
    column: (name) => row[name] ?? null,
    // Neither has a meaning after a rank; the checker lets neither through.
    meta: () => null,
    accumulator: () => null,
  };
}

/** Decimals as text with all their digits: without its type nobody could tell an unscaled one from a long. */
export function shown(columns: readonly Column[], rows: readonly Row[]): readonly Row[] {
  const scales = columns.flatMap(({ name, type }): (readonly [string, number])[] => {
    const definite = type.kind === 'nullable' ? type.of : type;
    return definite.kind === 'decimal' ? [[name, definite.scale]] : [];
  });
  if (scales.length === 0) return rows;
  return rows.map((row) => {
    const texts = scales.flatMap(([name, scale]) => (typeof row[name] === 'bigint' ? [[name, showDecimal(row[name], scale)]] : []));
    return { ...row, ...(Object.fromEntries(texts) as Row) };
  });
}

/** The rows by a column, those of equal values as they were. */
export function ordered(rows: readonly Row[], by: string | null): readonly Row[] {
  return by === null ? rows : [...rows].sort((a, b) => compare(a[by], b[by]));
}

/** Numbers by value, texts by code unit; anything else stays as it stands. */
function compare(a: Value, b: Value): number {
  const comparable = (isNumber(a) && isNumber(b)) || (typeof a === 'string' && typeof b === 'string');
  return !comparable || a === b ? 0 : a < b ? -1 : 1;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
