/** A time axis within an SVG: where a time is, and marks at round times. */
import type { JSX } from 'preact';
import { clockText } from './format.js';

export interface TimeScale {
  readonly from: number;
  readonly to: number;
  /** Pixels. */
  readonly left: number;
  readonly width: number;
}

const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800].map((seconds) => seconds * 1000);
/** Pixels between two marks, at least. */
const APART = 90;
const DAY_MS = 86_400_000;

/** Held within the axis. */
export function placeAt({ from, to, left, width }: TimeScale, time: number): number {
  const part = to > from ? (time - from) / (to - from) : 0;
  return left + Math.min(1, Math.max(0, part)) * width;
}

export function TimeMarks({ scale, height }: { readonly scale: TimeScale; readonly height: number }): JSX.Element {
  const { from, to, width } = scale;
  const most = Math.max(1, Math.floor(width / APART));
  const step = STEPS.find((ms) => (to - from) / ms <= most) ?? Math.ceil((to - from) / most / DAY_MS) * DAY_MS;
  const marks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to && marks.length <= most; at += step) marks.push(at);
  return (
    <g class="time-marks" aria-hidden="true">
      {marks.map((at) => (
        <g key={at} transform={`translate(${placeAt(scale, at)} 0)`}>
          <line y1="0" y2={height} />
          <text y={height + 14} text-anchor="middle">
            {step >= DAY_MS / 2 || at % DAY_MS === 0 ? new Date(at).toISOString().slice(5, 10) : clockText(at)}
          </text>
        </g>
      ))}
    </g>
  );
}
