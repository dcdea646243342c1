/** A board as one picture, in the page's colours: an SVG that needs nothing around it, and a PNG of it. */
import type { BoardFacts, BoardRow } from '../../wire.js';
import { cellText, clockText, count } from '../format.js';
import { coloursOf } from '../theme.js';
import { barsOf, funnelSteps, linesOf, numberPlace, placesOf, type Lines } from './board-data.js';
import { drawnAs } from './chart.js';
import { SPARK, sparkPoints } from './sparkline.js';

const WIDTH = 720;
const [LEFT, HEAD, ROW] = [20, 66, 28];
/** Pixels of the PNG for each of the picture. */
const SCALE = 2;
const MOST_ROWS = 25;
const PLOT = { left: 70, width: WIDTH - 90, height: 260 };

const COLOURS = ['card', 'text', 'soft', 'rule', 'bar', 'accent', 'up', 'down'] as const;
type Colours = Readonly<Record<(typeof COLOURS)[number], string>> & { readonly lines: readonly string[] };

export interface Pictured {
  readonly board: BoardFacts;
  readonly rows: readonly BoardRow[];
  readonly pipeline: string;
  readonly asOf: number | null;
}

/** Rejects where the browser cannot draw it. */
export async function boardPng(pictured: Pictured): Promise<Blob> {
  const { svg, height } = boardSvg(pictured, readColours());
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [WIDTH * SCALE, height * SCALE];
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error('no picture')) : resolve(blob)), 'image/png');
  });
}

function boardSvg({ board, rows, pipeline, asOf }: Pictured, colours: Colours): { readonly svg: string; readonly height: number } {
  const { body, height: inner } = bodyOf(board, rows, colours);
  const height = HEAD + inner + 20;
  const finals = rows.filter(({ final }) => final).length;
  const finality =
    rows.length > 0 && finals === rows.length ? 'final' : finals === 0 ? 'not final' : `${finals} of ${rows.length} rows final`;
  const day = asOf === null ? '' : `${new Date(asOf).toISOString().slice(0, 10)} `;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="${colours.card}"/>
${text(LEFT, 30, board.name, colours.text, 'font-size="17" font-weight="600"')}
${text(LEFT, 50, `${pipeline} → ${board.topic} · as of ${day}${clockText(asOf)} UTC · ${finality}`, colours.soft, 'font-size="12"')}
<g transform="translate(0 ${HEAD})">${body}</g>
</svg>`;
  return { svg, height };
}

interface Drawn {
  readonly body: string;
  readonly height: number;
}

function bodyOf(board: BoardFacts, rows: readonly BoardRow[], colours: Colours): Drawn {
  switch (drawnAs(board)) {
    case 'ranking':
      return ranking(board, rows, colours);
    case 'line':
      return lines(linesOf(board, rows, placesOf(board)), colours);
    case 'funnel':
      return funnel(board, rows, colours);
    case 'number': {
      const column = numberPlace(board, placesOf(board));
      return {
        body: text(LEFT, 44, cellText(rows[0]?.cells[column], board.columns[column].kind), colours.text, 'font-size="44"'),
        height: 60,
      };
    }
    case 'table':
      return table(board, rows, colours);
  }
}

function ranking(board: BoardFacts, rows: readonly BoardRow[], colours: Colours): Drawn {
  const bars = barsOf(board, rows, placesOf(board)).slice(0, MOST_ROWS);
  const most = Math.max(...bars.map(({ size }) => size), Number.MIN_VALUE);
  const body = bars.map(({ rank, label, value, size, row: { moved, trend } }, i) => {
    const y = i * ROW + 19;
    const move = moved === 'new' ? 'new' : moved === null || moved === 0 ? '' : `${moved > 0 ? '▲' : '▼'}${Math.abs(moved)}`;
    const points = sparkPoints(trend ?? []);
    return [
      text(44, y, rank, colours.text, 'text-anchor="end"'),
      text(52, y, move, moved === 'new' || Number(moved) > 0 ? colours.up : colours.down, 'font-size="11"'),
      text(84, y, cut(label, 24), colours.text),
      `<rect x="260" y="${y - 12}" width="${(size / most) * 280}" height="15" rx="3" fill="${colours.bar}"/>`,
      points.length > 1
        ? `<polyline transform="translate(556 ${y - SPARK.height + 3})" points="${points.map(([px, py]) => `${px},${py}`).join(' ')}" fill="none" stroke="${colours.accent}" stroke-width="1.3"/>`
        : '',
      text(WIDTH - LEFT, y, value, colours.text, 'text-anchor="end"'),
    ].join('');
  });
  return { body: body.join('\n'), height: bars.length * ROW };
}

function funnel(board: BoardFacts, rows: readonly BoardRow[], colours: Colours): Drawn {
  const steps = funnelSteps(board, rows, placesOf(board));
  const first = steps[0]?.count ?? 0;
  const width = WIDTH - 2 * LEFT;
  const body = steps.map((step, i) => {
    const y = i * 48;
    const part = first > 0 ? Math.min(step.count, first) / first : 0;
    const before = steps[i - 1]?.count ?? 0;
    const onward = before > 0 ? `, ${((step.count / before) * 100).toFixed(1)}% of the step before` : '';
    return [
      text(LEFT, y + 14, step.name, colours.text),
      text(
        WIDTH - LEFT,
        y + 14,
        `${count(step.count)}${i > 0 ? ` · ${(part * 100).toFixed(1)}% of all${onward}` : ''}`,
        colours.soft,
        'text-anchor="end"',
      ),
      `<rect x="${LEFT}" y="${y + 21}" width="${width}" height="15" rx="3" fill="${colours.rule}"/>`,
      `<rect x="${LEFT}" y="${y + 21}" width="${part * width}" height="15" rx="3" fill="${colours.bar}"/>`,
    ].join('');
  });
  return { body: body.join('\n'), height: steps.length * 48 };
}

function lines({ xs, isTime, lines: all }: Lines, colours: Colours): Drawn {
  const { left, width, height } = PLOT;
  const values = all.flatMap((line) => line.values).filter((value) => value !== null);
  const most = Math.max(...values, Number.MIN_VALUE) * 1.1;
  const [from, to] = [xs[0] ?? 0, xs.at(-1) ?? 1];
  const x = (at: number): number => left + (to > from ? (at - from) / (to - from) : 0.5) * width;
  const y = (value: number): number => height - (value / most) * height;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const value = (part * most) / 1.1;
    return `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="${colours.rule}"/>${text(left - 8, y(value) + 4, value.toPrecision(3), colours.soft, 'text-anchor="end" font-size="11"')}`;
  });
  const ticks = [from, (from + to) / 2, to].map((at, i) =>
    text(
      x(at),
      height + 18,
      isTime ? clockText(at) : at.toPrecision(4),
      colours.soft,
      `text-anchor="${['start', 'middle', 'end'][i]}" font-size="11"`,
    ),
  );
  const drawn = all.map(({ values: own }, i) => {
    const path = own
      .map((value, at) => (value === null ? '' : `${(own[at - 1] ?? null) === null ? 'M' : 'L'}${x(xs[at])} ${y(value)}`))
      .join('');
    return `<path d="${path}" fill="none" stroke="${colours.lines[i]}" stroke-width="2"/>`;
  });
  const names = all.map(
    ({ name }, i) =>
      `<rect x="${LEFT + i * 115}" y="${height + 32}" width="10" height="10" rx="2" fill="${colours.lines[i]}"/>${text(LEFT + 15 + i * 115, height + 41, cut(name, 14), colours.text, 'font-size="12"')}`,
  );
  return { body: [...grid, ...drawn, ...ticks, ...names].join('\n'), height: height + 50 };
}

function table({ columns }: BoardFacts, rows: readonly BoardRow[], colours: Colours): Drawn {
  const across = (WIDTH - 2 * LEFT) / columns.length;
  const letters = Math.max(4, Math.floor(across / 7.5));
  const line = (cells: readonly string[], y: number, colour: string): string =>
    cells.map((cell, i) => text(LEFT + i * across, y, cut(cell, letters), colour, 'font-size="12"')).join('');
  const shown = rows.slice(0, MOST_ROWS);
  const body = [
    line(columns.map(({ name }) => name), 14, colours.soft), // prettier-ignore
    ...shown.map(({ cells }, row) => line(columns.map(({ kind }, i) => cellText(cells[i], kind)), 14 + (row + 1) * 22, colours.text)), // prettier-ignore
  ];
  return { body: body.join('\n'), height: (shown.length + 1) * 22 };
}

function readColours(): Colours {
  const found = coloursOf([...COLOURS, ...[1, 2, 3, 4, 5, 6].map((i) => `line-${i}`)]);
  const named = Object.fromEntries(COLOURS.map((name, i) => [name, found[i]])) as Record<(typeof COLOURS)[number], string>;
  return { ...named, lines: found.slice(COLOURS.length) };
}

function text(x: number, y: number, content: string, fill: string, more = ''): string {
  const escaped = content.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<text x="${x}" y="${y}" fill="${fill}" ${more}>${escaped}</text>`;
}

function cut(content: string, letters: number): string {
  return content.length > letters ? `${content.slice(0, letters - 1)}…` : content;
}
