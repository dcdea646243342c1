/** Plans, boards and figures in the console's words. Pure. */
import type { BoardFacts, BoardRow, BoardRows, Cell, ColumnFacts, PipelineFacts, PipelineFigures } from '@rta/console';
import type { Board, Column, Plan, Value } from '@rta/dsl';
import { plainJson } from '@rta/runtime';
import { rankOf, type BoardView } from '../board-rows.js';
import type { PipelineProgress } from '../progress.js';
import { isFinal } from './finality.js';
import type { RankMove } from './rank-moves.js';

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'float', 'double', 'decimal']);

export function boardId({ pipeline, board }: Pick<BoardView, 'pipeline' | 'board'>): string {
  return `${pipeline}/${board.name}`;
}

export function pipelineFacts(plan: Plan): PipelineFacts {
  const { pipeline, path, late, errors } = plan;
  return {
    pipeline,
    path,
    late: late.policy === 'topic' ? late.topic : 'dropped',
    errors: errors.policy === 'topic' ? errors.topic : errors.policy === 'skip' ? 'skipped' : 'the pipeline stops',
    boards: (plan.boards ?? []).map((board) => boardFacts(plan, board)),
  };
}

function boardFacts(plan: Plan, board: Board): BoardFacts {
  const { name, show, label, value, by } = board;
  const sink = plan.sinks.find(({ id }) => id === board.sink)!;
  const columns = sink.columns.map(columnFacts);
  return {
    id: boardId({ pipeline: plan.pipeline, board }),
    name,
    topic: sink.topic,
    show,
    label,
    value,
    by,
    range: board.range?.time ?? null,
    columns,
    places: placesOf(plan, board),
  };
}

/** Of a rank that is one for all rows. */
function placesOf(plan: Plan, board: Board): number | null {
  const step = plan.steps.find(({ id }) => id === rankOf(plan, board)?.rank);
  const rank = step?.transforms.findLast((transform) => transform.type === 'rank');
  return rank === undefined || rank.group.length > 0 ? null : rank.k;
}

export function columnFacts({ name, type }: Column): ColumnFacts {
  const { kind } = type.kind === 'nullable' ? type.of : type;
  return { name, kind: NUMBERS.has(kind) ? 'number' : kind === 'timestamp' || kind === 'date' ? kind : 'text' };
}

/**
 * @param at ms since the epoch
 * @param moves of each row; null: it is no ranking
 * @param watermark of the sink, settled; null: not known
 */
export function boardRows(plan: Plan, view: BoardView, at: number, moves: readonly RankMove[] | null, watermark: number | null): BoardRows {
  const sink = plan.sinks.find(({ id }) => id === view.board.sink)!;
  const rows = view.rows.map((row, i): BoardRow => ({
    cells: view.columns.map(({ name }) => cellOf(row[name] ?? null)),
    final: isFinal(plan, sink, row, watermark),
    moved: moves === null ? null : moves[i].moved,
    trend: moves === null ? null : moves[i].trend,
  }));
  return { id: boardId(view), asOf: at, rows };
}

function cellOf(value: Value): Cell {
  const plain = plainJson('', value);
  if (plain === null || typeof plain === 'string' || typeof plain === 'number' || typeof plain === 'boolean') return plain;
  return JSON.stringify(plain, plainJson);
}

export function pipelineFigures(progress: PipelineProgress): PipelineFigures {
  const { pipeline, snapshot, inPerSecond, outPerSecond, recordsOut, steps } = progress;
  const { status, recordsIn, lag, late, rejected, rejectedBy, watermarkDelayMs, lastCommitAt, stateBytes, stateEntries } = snapshot;
  return {
    pipeline,
    status,
    inPerSecond,
    outPerSecond,
    recordsIn,
    recordsOut,
    lag,
    late,
    rejected,
    rejectedBy,
    endToEnd: { p50: snapshot.endToEndP50, p95: snapshot.endToEndP95, p99: snapshot.endToEndP99 },
    commit: { p50: snapshot.commitP50, p99: snapshot.commitP99 },
    watermarkDelayMs,
    lastCommitAt,
    stateBytes,
    stateEntries,
    inputs: snapshot.inputs,
    steps: steps.map((step) => ({
      id: step.id,
      label: step.label,
      inPerSecond: step.inPerSecond,
      outPerSecond: step.outPerSecond,
      late: step.late,
      rejected: step.rejected,
    })),
  };
}
