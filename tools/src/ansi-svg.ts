/** A terminal's text as a picture: SVG with one `<text>` per run of equal style, placed by column, so that any monospace font lines up. */

const FONT_SIZE = 14;
const COLUMN = 8.4;
const LINE = 19;
const PADDING = 16;

const BACKGROUND = '#161b22';
const FOREGROUND = '#e6edf3';
/** Of the SGR codes that `rta` writes. */
const STYLES: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold"',
  '2': 'fill="#8b949e"',
  '36': 'fill="#39c5cf"',
};

interface Run {
  readonly column: number;
  readonly text: string;
  /** SGR code; null: plain. */
  readonly code: string | null;
}

/**
 * The lines of text with SGR escapes (each style closed by 0 before the next) as an SVG; characters (UTF-16 units) are taken to be one column wide.
 *
 * @throws Error for an escape that it has no style for
 */
export function ansiToSvg(lines: readonly string[], title: string): string {
  const drawn = lines.map(runsOf);
  const columns = Math.max(0, ...drawn.flat().map(({ column, text }) => column + text.length));
  const width = Math.ceil(columns * COLUMN + 2 * PADDING);
  const height = lines.length * LINE + 2 * PADDING;
  const texts = drawn.flatMap((runs, row) => runs.map((run) => textElement(run, PADDING + (row + 0.75) * LINE)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" fill="${FOREGROUND}">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function textElement({ column, text, code }: Run, y: number): string {
  const style = code === null ? '' : ` ${STYLES[code]}`;
  const place = `x="${fixed(PADDING + column * COLUMN)}" y="${fixed(y)}" textLength="${fixed(text.length * COLUMN)}"`;
  return `<text ${place} lengthAdjust="spacingAndGlyphs" xml:space="preserve"${style}>${escaped(text)}</text>`;
}

/** Runs without the blanks around them. */
function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let column = 0;
  let code: string | null = null;
  // eslint-disable-next-line no-control-regex -- what styles are made of
  for (const [index, part] of line.split(/\u001B\[(\d+)m/).entries()) {
    if (index % 2 === 1) {
      if (part !== '0' && !(part in STYLES)) throw new Error(`there is no style for the escape ${part}`);
      code = part === '0' ? null : part;
      continue;
    }
    const text = part.trim();
    if (text !== '') runs.push({ column: column + part.indexOf(text), text, code });
    column += part.length;
  }
  return runs;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
