/** Growth as tables and pictures, one of each per axis. */
import { chartSvg, type Guide, type Line } from '../line-chart.js';
import { markdownTable, mebibytes, thousands, type Section } from '../page.js';
import { AXES, type Axis } from './axes.js';
import type { GrowthRow } from './growth.js';

export function growthTable(rows: readonly GrowthRow[]): string {
  return markdownTable(
    ['measured with', 'value', 'records/s', 'of the first', 'CPU s per million', 'peak memory', 'records'],
    rows.map(({ axis, line, value, recordsPerSecond, share, target, cpuSeconds, peakBytes, records }) => [
      `${axis}, ${line}`,
      thousands(value),
      thousands(recordsPerSecond),
      target === null ? percent(share) : `${percent(share)} of ${percent(target)}`,
      (cpuSeconds / (records / 1e6)).toFixed(2),
      mebibytes(peakBytes),
      thousands(records),
    ]),
  );
}

export function growthSections(rows: readonly GrowthRow[]): Section[] {
  return measuredAxes(rows).map((axis) => {
    const own = rows.filter((row) => row.axis === axis.name);
    return {
      title: titleOf(axis),
      text: `${axis.description}. rta alone, exactly once, one process on ${axis.allCores === true ? 'all cores' : 'one core'}; medians of ${own[0].runs} runs, the values in turns. **records/s** is that of the middle
of a run, from a tenth to nine tenths of its records; "85 % of 80 %": what is left of the first one's in the same round, where no more than
20 % may be lost.

${growthTable(own)}

![Growth: ${axis.label}](${pictureName(axis)})`,
    };
  });
}

/** By name of the file. */
export function growthPictures(rows: readonly GrowthRow[]): ReadonlyMap<string, string> {
  return new Map(measuredAxes(rows).map((axis) => [pictureName(axis), pictureOf(axis, rows)]));
}

function titleOf({ name }: Axis): string {
  return `growth: ${name}`;
}

function pictureName({ name }: Axis): string {
  return `growth-${name}.svg`;
}

function measuredAxes(rows: readonly GrowthRow[]): Axis[] {
  return AXES.filter(({ name }) => rows.some(({ axis }) => axis === name));
}

function pictureOf(axis: Axis, all: readonly GrowthRow[]): string {
  const rows = all.filter((row) => row.axis === axis.name);
  const lines = (figure: 'recordsPerSecond' | 'peakBytes') =>
    axis.lines.map(({ name }, i): Line => {
      const values = axis.values.map((value) => rows.find((row) => row.line === name && row.value === value)?.[figure] ?? null);
      return { name, values, colour: (i % 4) as Line['colour'] };
    });
  const throughput = lines('recordsPerSecond');
  const guides = axis.lines.flatMap(({ flatTo }, i): Guide[] => {
    const first = throughput[i].values[0];
    return flatTo === null || first === null
      ? []
      : [{ y: 0.8 * first, label: `20 % less, up to ${thousands(flatTo)}`, colour: throughput[i].colour }];
  });
  return chartSvg({
    title: `rta with more ${axis.name}`,
    xLabel: axis.label,
    ticks: axis.values.map(thousands),
    panels: [
      { title: 'records per second', lines: throughput, guides, format: short },
      { title: 'peak memory', lines: lines('peakBytes'), guides: [], format: mebibytes },
    ],
  });
}

/** `1.6M`, `250k` */
function short(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))}M`;
  return count >= 1000 ? `${Math.round(count / 1000)}k` : String(count);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
