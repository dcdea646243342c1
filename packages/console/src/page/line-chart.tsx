/** uPlot in the page's colours. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { clockText } from './format.js';
import { coloursOf } from './theme.js';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

interface LineChartProps {
  readonly name: string;
  /** ms since the epoch where `isTime`. */
  readonly xs: readonly number[];
  readonly isTime: boolean;
  readonly lines: readonly Line[];
  readonly height: number;
  readonly show: (value: number) => string;
}

const COLOURS = 6;

export function LineChart({ name, xs, isTime, lines, height, show }: LineChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const colours = useColours();
  const names = lines.map((line) => line.name).join('\n');
  const data = [isTime ? xs.map((ms) => ms / 1000) : xs, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  useLayoutEffect(() => {
    const axis = { stroke: colours.text, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid, width: 1 } };
    const made = new uPlot(
      {
        width: place.current!.clientWidth,
        height,
        // Room for half a label of time on the right.
        padding: [null, 30, null, null],
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
        scales: {
          x: { time: isTime, range: ({ data: [shown] }, least, most) => around(shown, isTime ? 60 : 1) ?? [least, most] },
          y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 10] },
        },
        axes: [
          isTime ? { ...axis, space: 80, values: (_plot, ticks) => ticks.map((seconds) => clockText(seconds * 1000)) } : axis,
          { ...axis, size: 62, values: (_plot, ticks) => ticks.map(show) },
        ],
        series: [
          isTime ? { label: 'time', value: (_plot, seconds: number | null) => clockText(seconds === null ? null : seconds * 1000) } : {},
          ...lines.map((line, i) => ({
            label: line.name,
            stroke: colours.lines[i % COLOURS],
            width: 2,
            // A line of one point would not be seen.
            points: { show: (_plot: uPlot, _series: number, from: number, to: number) => from === to },
            value: (_plot: uPlot, value: number | null) => (value === null ? '–' : show(value)),
          })),
        ],
      },
      data,
      place.current!,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: place.current!.clientWidth, height }));
    watch.observe(place.current!);
    return () => {
      watch.disconnect();
      made.destroy();
    };
    // Made anew only where it is another chart: data are set below.
  }, [names, isTime, height, colours]);
  useEffect(() => plot.current?.setData(data));
  return <div class="line-chart" ref={place} role="img" aria-label={described(name, lines, show)} />;
}

/** A range with a single point in its middle: uPlot would show the day after it. Null where there are more, or none. */
function around(xs: ArrayLike<number>, by: number): uPlot.Range.MinMax | null {
  return xs.length === 1 ? [xs[0] - by, xs[0] + by] : null;
}

function described(name: string, lines: readonly Line[], show: (value: number) => string): string {
  const last = lines.map(({ name: line, values }) => {
    const value = values.at(-1) ?? null;
    return `${line} ${value === null ? 'not known' : show(value)}`;
  });
  return `${name}, now: ${last.join(', ')}`;
}

interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly lines: readonly string[];
}

/** A canvas knows no variables of the style sheet: they are read again when light turns to dark. */
function useColours(): Colours {
  const [colours, setColours] = useState(readColours);
  useEffect(() => {
    const read = (): void => setColours(readColours());
    const media = matchMedia('(prefers-color-scheme: dark)');
    const chosen = new MutationObserver(read);
    chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    media.addEventListener('change', read);
    return () => {
      chosen.disconnect();
      media.removeEventListener('change', read);
    };
  }, []);
  return colours;
}

function readColours(): Colours {
  const [text, grid, ...lines] = coloursOf(['soft', 'rule', ...Array.from({ length: COLOURS }, (_, i) => `line-${i + 1}`)]);
  return { text, grid, lines };
}
