/** Lines over a few values, as SVG without a library: panels one below the other; light or dark as the reader's system is. */

export interface Line {
  readonly name: string;
  /** By position along the axis; null: nothing was measured there. */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
  /** Lines of the same colour belong together. */
  readonly colour: 0 | 1 | 2 | 3;
}

/** What is wanted, across the panel. */
export interface Guide {
  readonly y: number;
  readonly label: string;
  readonly colour: Line['colour'];
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly guides: readonly Guide[];
  /** Of a value, beside its point and along the axis. */
  readonly format: (value: number) => string;
}

export interface Chart {
  readonly title: string;
  /** What the values along the axis are, evenly apart. */
  readonly xLabel: string;
  readonly ticks: readonly string[];
  readonly panels: readonly Panel[];
}

const WIDTH = 720;
const PANEL = 260;
const HEAD = 44;
const FOOT = 40;
const LEFT = 86;
const RIGHT = 190;
const PAD = 28;

const STYLE = `
  .chart { --ground: #ffffff; --text: #1f2933; --soft: #62707f; --line: #dde3ea; --c0: #2563c9; --c1: #c2571a; --c2: #2e8555; --c3: #8a4fb5;
    font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
  @media (prefers-color-scheme: dark) {
    .chart { --ground: #14181d; --text: #e4e9ee; --soft: #95a3b1; --line: #36414d; --c0: #6c9de8; --c1: #e8935a; --c2: #5fb583; --c3: #bf94e0; }
  }
  .chart text { fill: var(--text); }
  .chart .title { font-weight: 600; font-size: 14px; }
  .chart .soft { fill: var(--soft); }
  .chart .ground { fill: var(--ground); }
  .chart .grid { stroke: var(--line); }
  .chart .line { fill: none; stroke-width: 2; }
  .chart .guide { stroke-width: 1.2; stroke-dasharray: 2 4; }
`;

/** The picture. Each panel begins at zero. */
export function chartSvg({ title, xLabel, ticks, panels }: Chart): string {
  const height = HEAD + panels.length * PANEL + FOOT;
  const step = (WIDTH - LEFT - RIGHT - 2 * PAD) / Math.max(1, ticks.length - 1);
  const x = (i: number) => LEFT + PAD + i * step;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    text(LEFT, 24, title, 'class="title"'),
    ...panels.flatMap((panel, i) => panelOf(panel, HEAD + i * PANEL, x)),
    ...ticks.map((tick, i) => text(x(i), HEAD + panels.length * PANEL, tick, 'text-anchor="middle"')),
    text(LEFT + (WIDTH - LEFT - RIGHT) / 2, height - 12, xLabel, 'class="soft" text-anchor="middle"'),
    '</svg>',
  ].join('\n')}\n`;
}

function panelOf({ title, lines, guides, format }: Panel, topY: number, x: (i: number) => number): string[] {
  const [top, bottom] = [topY + 28, topY + PANEL - 22];
  const scale = niceScale(
    Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0)), ...guides.map((guide) => guide.y), 0),
  );
  const y = (value: number) => bottom - (value / scale.most) * (bottom - top);
  const grid = Array.from({ length: Math.round(scale.most / scale.step) + 1 }, (_, i) => i * scale.step);
  const end = WIDTH - RIGHT;
  return [
    text(LEFT, topY + 12, title, 'class="soft"'),
    ...grid.flatMap((value) => [
      `<line class="grid" x1="${LEFT}" x2="${end}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/>`,
      text(LEFT - 8, y(value) + 4, format(value), 'class="soft" text-anchor="end"'),
    ]),
    ...guides.flatMap((guide) => [
      `<line class="guide" stroke="var(--c${guide.colour})" x1="${LEFT}" x2="${end}" y1="${fixed(y(guide.y))}" y2="${fixed(y(guide.y))}"/>`,
      text(LEFT + 4, y(guide.y) - 4, guide.label, `style="fill: var(--c${guide.colour})"`),
    ]),
    ...lines.flatMap((line) => lineOf(line, x, y, format)),
    ...lines.map((line, i) => legend(line, end + 14, top + 8 + i * 18)),
  ];
}

function lineOf(
  { values, dashed, colour }: Line,
  x: (i: number) => number,
  y: (value: number) => number,
  format: Panel['format'],
): string[] {
  const points = values.flatMap((value, i) => (value === null ? [] : [{ x: x(i), y: y(value), value }]));
  const path = points.map((point) => `${fixed(point.x)},${fixed(point.y)}`).join(' ');
  return [
    `<polyline class="line" stroke="var(--c${colour})"${dashed === true ? ' stroke-dasharray="6 4"' : ''} points="${path}"/>`,
    ...points.flatMap((point) => [
      `<circle cx="${fixed(point.x)}" cy="${fixed(point.y)}" r="3.5" fill="var(--c${colour})"/>`,
      text(point.x, point.y - 8, format(point.value), `text-anchor="middle" style="fill: var(--c${colour})"`),
    ]),
  ];
}

function legend({ name, dashed, colour }: Line, x: number, y: number): string {
  const dash = dashed === true ? ' stroke-dasharray="6 4"' : '';
  const sample = `<line class="line" stroke="var(--c${colour})"${dash} x1="${fixed(x)}" x2="${fixed(x + 24)}" y1="${fixed(y)}" y2="${fixed(y)}"/>`;
  return sample + text(x + 30, y + 4, name, '');
}

/** About five steps of 1, 2 or 5 times a power of ten, up to at least `greatest`. */
function niceScale(greatest: number): { readonly most: number; readonly step: number } {
  if (greatest <= 0) return { most: 1, step: 1 };
  const rough = greatest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
  return { most: Math.ceil(greatest / step) * step, step };
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
