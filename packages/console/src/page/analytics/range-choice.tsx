import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

const DAY_MS = 86_400_000;

/** Up to now, or from one time to another, ms since the epoch. */
export type Range =
  { readonly name: string; readonly ms: number } | { readonly name: 'custom'; readonly from: number; readonly to: number };

export const PRESETS = [
  { name: '24h', ms: DAY_MS },
  { name: '7d', ms: 7 * DAY_MS },
  { name: '30d', ms: 30 * DAY_MS },
] as const;

/** Of a preset as of now. */
export function boundsOf(range: Range): { readonly from: number; readonly to: number } {
  if ('from' in range) return range;
  const to = Date.now();
  return { from: to - range.ms, to };
}

interface RangeChoiceProps {
  readonly range: Range;
  readonly choose: (range: Range) => void;
}

export function RangeChoice({ range, choose }: RangeChoiceProps): JSX.Element {
  const isCustom = range.name === 'custom';
  const now = Date.now();
  const [from, setFrom] = useState(fieldText(now - DAY_MS));
  const [to, setTo] = useState(fieldText(now));
  const take = (start: string, end: string): void => {
    const [first, last] = [timeOf(start), timeOf(end)];
    if (first !== null && last !== null && first < last) choose({ name: 'custom', from: first, to: last });
  };
  const changeFrom = (text: string): void => {
    setFrom(text);
    take(text, to);
  };
  const changeTo = (text: string): void => {
    setTo(text);
    take(from, text);
  };
  const isWrong = isCustom && (timeOf(from) ?? 0) >= (timeOf(to) ?? 0);
  return (
    <div class="range" role="group" aria-label="Range of time">
      {PRESETS.map((preset) => (
        <button
          key={preset.name}
          type="button"
          aria-pressed={range.name === preset.name}
          aria-label={`Last ${preset.name}`}
          onClick={() => choose(preset)}
        >
          {preset.name}
        </button>
      ))}
      <button type="button" aria-pressed={isCustom} aria-label="Custom range" onClick={() => take(from, to)}>
        custom
      </button>
      {isCustom && (
        <>
          <TimeField label="From, UTC" value={from} change={changeFrom} />
          <TimeField label="To, UTC" value={to} change={changeTo} />
          {isWrong && <span class="lost">it ends before it begins</span>}
        </>
      )}
    </div>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
}

function TimeField({ label, value, change }: TimeFieldProps): JSX.Element {
  return (
    <input type="datetime-local" step="1" aria-label={label} value={value} onChange={({ currentTarget }) => change(currentTarget.value)} />
  );
}

/** `2026-01-31T12:00:05`, UTC. */
function fieldText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

function timeOf(text: string): number | null {
  const ms = Date.parse(`${text}Z`);
  return Number.isNaN(ms) ? null : ms;
}
