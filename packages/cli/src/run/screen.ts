/** The live screen as lines of text. Pure: what is drawn is a function of the pipelines' progress and the terminal's size. */
import { boardLines, type Style } from './board-lines.js';
import { bytes, count, rate, span } from './figures.js';
import type { PipelineProgress } from './progress.js';
import { fit, truncate, widthOf } from './text-width.js';

interface ScreenStyle extends Style {
  /** Lines of the terminal. */
  readonly height: number;
}

const COLUMNS = [
  { title: 'in/s', width: 9 },
  { title: 'out/s', width: 9 },
  { title: 'late', width: 7 },
  { title: 'rejected', width: 9 },
  { title: 'state', width: 17 },
  { title: 'watermark', width: 10 },
] as const;
const NAME_WIDTH = { least: 12, most: 32 };

/** What a screen shows, from the most that there is to say to the least. */
const LAYOUTS = [
  { steps: true, abreast: 1 },
  { steps: true, abreast: 2 },
  { steps: false, abreast: 2 },
  { steps: false, abreast: 1 },
] as const;
type Layout = (typeof LAYOUTS)[number];
/** Boards narrower than this are not worth it. */
const LEAST_BOARD = 36;
const GAP = 2;

/**
 * A table with a line per pipeline and step, what else is to know of each pipeline, and the boards. Where the terminal is too low for it,
 * boards stand side by side, then steps are left out, then lines at the end.
 */
export function screenLines(pipelines: readonly PipelineProgress[], title: string, style: ScreenStyle): string[] {
  // One line stays free for the cursor.
  const room = Math.max(1, style.height - 1);
  const screens = LAYOUTS.filter(({ abreast }) => abreast === 1 || style.width >= 2 * LEAST_BOARD + GAP).map((layout) => [
    ...tableLines(pipelines, title, style, layout),
    ...boardsLines(pipelines, style, layout),
  ]);
  const lowest = screens.reduce((a, b) => (b.length < a.length ? b : a));
  const lines = screens.find((screen) => screen.length <= room) ?? lowest;
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), truncate(`… ${count(lines.length - room + 1)} more lines`, style.width)];
}

function tableLines(pipelines: readonly PipelineProgress[], title: string, { width, colour }: Style, layout: Layout): string[] {
  const bold = (text: string): string => (colour ? `\u001B[1m${text}\u001B[0m` : text);
  const dim = (text: string): string => (colour ? `\u001B[2m${text}\u001B[0m` : text);
  const rest = COLUMNS.reduce((sum, column) => sum + column.width, 0);
  const names = Math.min(NAME_WIDTH.most, Math.max(NAME_WIDTH.least, width - rest));
  const line = (name: string, cells: readonly string[]): string =>
    truncate(`${fit(name, names)}${cells.map((cell, i) => fit(cell, COLUMNS[i]?.width ?? 0, 'right')).join('')}`, width).trimEnd();
  const titles = COLUMNS.map((column) => column.title);
  const head = [dim(truncate(title, width)), '', dim(line(layout.steps ? 'pipeline / step' : 'pipeline', titles))];
  const body = pipelines.flatMap(({ pipeline, snapshot, inPerSecond, outPerSecond, steps }) => {
    const { late, rejected, watermarkDelayMs } = snapshot;
    const rates = [rate(inPerSecond), rate(outPerSecond)];
    return [
      bold(line(pipeline, [...rates, count(late), count(rejected), stateOf(snapshot), span(watermarkDelayMs)])),
      ...(layout.steps ? steps.map((step) => line(`  ${step.label}`, stepCells(step))) : []),
      dim(truncate(`  ${healthOf(snapshot)}`, width)),
    ];
  });
  return [...head, ...body];
}

/** Of a step: what it has nothing of is left empty, so that the rest stands out. */
function stepCells(step: PipelineProgress['steps'][number]): string[] {
  const { inPerSecond, outPerSecond, late, rejected, stateEntries, watermarkDelayMs } = step;
  const some = (n: number): string => (n === 0 ? '' : count(n));
  return [
    rate(inPerSecond),
    rate(outPerSecond),
    some(late),
    some(rejected),
    stateEntries === 0 ? '' : stateOf(step),
    span(watermarkDelayMs),
  ];
}

function stateOf({ stateEntries, stateBytes }: { readonly stateEntries: number; readonly stateBytes: number }): string {
  return `${count(stateEntries)} ${bytes(stateBytes)}`;
}

/** Boards in rows of `abreast`, an empty line before each row. */
function boardsLines(pipelines: readonly PipelineProgress[], { width, colour }: Style, { abreast }: Layout): string[] {
  const views = pipelines.flatMap(({ boards }) => boards);
  const each = Math.floor((width - GAP * (abreast - 1)) / abreast);
  const lines: string[] = [];
  for (let i = 0; i < views.length; i += abreast) {
    const row = views.slice(i, i + abreast).map((view) => boardLines(view, { width: each, colour }));
    const height = Math.max(...row.map((board) => board.length));
    lines.push('');
    for (let y = 0; y < height; y++)
      lines.push(row.map((board, x) => (x < row.length - 1 ? padded(board[y] ?? '', each + GAP) : (board[y] ?? ''))).join(''));
  }
  return lines;
}

/** Filled with blanks; escapes of colours take no columns. */
function padded(line: string, width: number): string {
  // eslint-disable-next-line no-control-regex -- what colours are made of
  return line + ' '.repeat(Math.max(0, width - widthOf(line.replace(/\u001B\[\d*m/g, ''))));
}

function healthOf(snapshot: PipelineProgress['snapshot']): string {
  const { at, lag, endToEndP50, endToEndP99, lastCommitAt } = snapshot;
  const commit = lastCommitAt === null ? 'no commit yet' : `last commit ${span(at - lastCommitAt)} ago`;
  return `lag ${count(lag)} · end to end p50 ${span(endToEndP50)}, p99 ${span(endToEndP99)} · ${commit}`;
}
