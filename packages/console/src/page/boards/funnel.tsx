import type { JSX } from 'preact';
import { count } from '../format.js';
import type { FunnelStep } from './board-data.js';

const WIDTH = 480;
const STEP = 44;
const PERCENT = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });

/** Steps in order, each with its part of the first and of the one before. */
export function Funnel({ name, steps }: { readonly name: string; readonly steps: readonly FunnelStep[] }): JSX.Element {
  const first = steps[0]?.count ?? 0;
  const part = (of: number, whole: number): string => (whole > 0 ? PERCENT.format(of / whole) : '–');
  return (
    <svg class="funnel" viewBox={`0 0 ${WIDTH} ${Math.max(1, steps.length) * STEP}`} role="img" aria-label={described(name, steps)}>
      {steps.map((step, i) => {
        const width = first > 0 ? (Math.min(step.count, first) / first) * WIDTH : 0;
        return (
          <g key={step.name} transform={`translate(0 ${i * STEP})`}>
            <text y="13">{step.name}</text>
            <text x={WIDTH} y="13" text-anchor="end" class="number">
              {count(step.count)}
              {i > 0 && ` · ${part(step.count, first)} of all, ${part(step.count, steps[i - 1].count)} of the step before`}
            </text>
            <rect class="track" y="19" width={WIDTH} height="14" rx="3" />
            <rect class="bar" y="19" width={width} height="14" rx="3" />
          </g>
        );
      })}
    </svg>
  );
}

function described(name: string, steps: readonly FunnelStep[]): string {
  return `${name}: ${steps.map((step) => `${step.name} ${count(step.count)}`).join(', ')}`;
}
