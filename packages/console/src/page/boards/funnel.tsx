import type { JSX } from 'preact';
import { count } from '../format.js';
import type { FunnelStep } from './board-data.js';

const WIDTH = 400;
const STEP = 44;
const PERCENT = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });

/** Steps in order, each with its part of the first; beside them how many go on from each to the next. */
export function Funnel({ name, steps }: { readonly name: string; readonly steps: readonly FunnelStep[] }): JSX.Element {
  const first = steps[0]?.count ?? 0;
  return (
    <div class="funnel">
      <svg viewBox={`0 0 ${WIDTH} ${Math.max(1, steps.length) * STEP}`} role="img" aria-label={described(name, steps)}>
        {steps.map((step, i) => (
          <g key={step.name} transform={`translate(0 ${i * STEP})`}>
            <text y="13">{step.name}</text>
            <text x={WIDTH} y="13" text-anchor="end" class="number">
              {count(step.count)}
              {i > 0 && ` · ${partText(step.count, first)} of all`}
            </text>
            <rect class="track" y="19" width={WIDTH} height="14" rx="3" />
            <rect class="bar" y="19" width={first > 0 ? (Math.min(step.count, first) / first) * WIDTH : 0} height="14" rx="3" />
          </g>
        ))}
      </svg>
      <dl class="conversions" aria-label={`${name}, from step to step`}>
        {steps.slice(1).map((step, i) => (
          <div key={step.name}>
            <dt>
              {steps[i].name} → {step.name}
            </dt>
            <dd>{partText(step.count, steps[i].count)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function partText(part: number, whole: number): string {
  return whole > 0 ? PERCENT.format(part / whole) : '–';
}

function described(name: string, steps: readonly FunnelStep[]): string {
  return `${name}: ${steps.map((step) => `${step.name} ${count(step.count)}`).join(', ')}`;
}
