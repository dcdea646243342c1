/** Open and recently closed windows on a time axis, with the watermark that moves over them. */
import type { JSX } from 'preact';
import type { ConsoleState } from '../../wire.js';
import type { WindowedStep, WindowFacts, WindowsAnswer } from '../../windows.js';
import { cellText, clockText, count, span } from '../format.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import { placeAt, TimeMarks, type TimeScale } from '../time-axis.js';
import { useRepeated } from '../use-repeated.js';
import { useState } from 'preact/hooks';

const LOOK_MS = 1_000;
const [WIDTH, LANE, MOST_LANES] = [1100, 24, 12];
/** Room to the right of the last window, as a part of the axis. */
const MARGIN = 0.03;

const COLUMNS = [
  { name: 'start', kind: 'timestamp' },
  { name: 'end', kind: 'timestamp' },
  { name: 'rows', kind: 'number' },
  { name: 'state', kind: 'text' },
] as const satisfies readonly TableColumn[];

export function Windows(_props: { readonly state: ConsoleState }): JSX.Element {
  const { answer, problem } = useRepeated<WindowsAnswer>('/console/ask/windows', LOOK_MS);
  if (answer === null) return <p class={problem === null ? 'soft empty' : 'empty lost'}>{problem ?? 'loading'}</p>;
  if (answer.steps.length === 0)
    return <p class="empty">No step here has windows that stay open: those are `tumbling`, `hopping`, `cumulate` and `session`.</p>;
  return (
    <div class="windows">
      {answer.steps.map((step) => (
        <StepCard key={`${step.pipeline} ${step.step}`} step={step} asOf={answer.asOf} />
      ))}
    </div>
  );
}

function StepCard({ step, asOf }: { readonly step: WindowedStep; readonly asOf: number }): JSX.Element {
  const [isTable, setTable] = useState(false);
  const { pipeline, window, watermark, late, open, closed, more, graceMs } = step;
  const name = `windows of ${pipeline} ${step.step}`;
  const rows = [
    ...closed.map(({ start, end, rows: has }) => [start, end, has, 'closed']),
    ...open.map((each) => [each.start, each.end, each.rows, stateOf(each, watermark)]),
  ];
  return (
    <section class="card" aria-labelledby={name}>
      <h2 id={name}>
        {pipeline} · {step.step}
      </h2>
      <p class="soft facts">
        {window} · {count(open.length)} open · grace {span(graceMs)} · <span class={late > 0 ? 'is-late' : ''}>{count(late)} late</span> ·
        watermark {cellText(watermark, 'timestamp')} · as of {clockText(asOf)}
        {more && ' · rows counted of the first 5,000 of a partition'}
      </p>
      {isTable ? <Table name={`Table of ${name}`} columns={COLUMNS} rows={rows} /> : <Axis name={name} step={step} />}
      <div class="actions">
        <button type="button" aria-pressed={isTable} aria-label={`Table of ${name}`} onClick={() => setTable(!isTable)}>
          Table
        </button>
        <SaveCsv name={name} columns={COLUMNS} rows={rows} />
      </div>
    </section>
  );
}

/** `in grace`: its end is passed, and what comes late for others still counts for it. */
function stateOf({ end }: WindowFacts, watermark: number | null): 'open' | 'in grace' {
  return watermark !== null && end <= watermark ? 'in grace' : 'open';
}

function Axis({ name, step: { watermark, open, closed } }: { readonly name: string; readonly step: WindowedStep }): JSX.Element {
  const all = [
    ...closed.map((window) => ({ window, state: 'closed' })),
    ...open.map((window) => ({ window, state: stateOf(window, watermark) })),
  ];
  if (all.length === 0) return <p class="soft">No window is open.</p>;
  const from = Math.min(...all.map(({ window }) => window.start));
  const last = Math.max(...all.map(({ window }) => window.end), watermark ?? -Infinity);
  const scale: TimeScale = { from, to: last + (last - from) * MARGIN, left: 8, width: WIDTH - 16 };
  const lanes = lanesOf(all.map(({ window }) => window));
  const lanesShown = Math.min(MOST_LANES, Math.max(...lanes) + 1);
  const height = lanesShown * LANE + 6;
  const hidden = lanes.filter((lane) => lane >= MOST_LANES).length;
  const said = `${name}: ${count(open.length)} open, ${count(closed.length)} closed, watermark ${cellText(watermark, 'timestamp')}`;
  return (
    <>
      <div class="scroll axis" tabIndex={0} role="region" aria-label={`Axis of ${name}`}>
        <svg viewBox={`0 0 ${WIDTH} ${height + 34}`} role="img" aria-label={said}>
          <g transform="translate(0 14)">
            <TimeMarks scale={scale} height={height} />
            {all.map(({ window, state }, i) => {
              if (lanes[i] >= MOST_LANES) return null;
              const [x, end] = [placeAt(scale, window.start), placeAt(scale, window.end)];
              const text = count(window.rows);
              return (
                <g
                  key={`${window.start} ${window.end}`}
                  class={`window ${state.replace(' ', '-')}`}
                  transform={`translate(${x} ${lanes[i] * LANE + 3})`}
                >
                  <title>{`${cellText(window.start, 'timestamp')} – ${cellText(window.end, 'timestamp')}: ${text} rows, ${state}`}</title>
                  <rect width={Math.max(2, end - x - 1)} height={LANE - 4} rx="4" />
                  {end - x > text.length * 7 + 8 && (
                    <text x={(end - x) / 2} y="14" text-anchor="middle">
                      {text}
                    </text>
                  )}
                </g>
              );
            })}
            {watermark !== null && (
              <g class="watermark" style={{ transform: `translateX(${placeAt(scale, watermark)}px)` }}>
                <line y1="-2" y2={height} />
                <text y="-5" text-anchor={watermark > (scale.from + scale.to) / 2 ? 'end' : 'start'}>
                  watermark {clockText(watermark)}
                </text>
              </g>
            )}
          </g>
        </svg>
      </div>
      {hidden > 0 && <p class="soft">{count(hidden)} more overlap with these: the table has all.</p>}
    </>
  );
}

/** The first lane in which each is beside all before it. @param windows by their ends */
function lanesOf(windows: readonly WindowFacts[]): number[] {
  const ends: number[] = [];
  const order = windows.map((_, i) => i).sort((a, b) => windows[a].start - windows[b].start || windows[a].end - windows[b].end);
  const lanes = windows.map(() => 0);
  for (const i of order) {
    const free = ends.findIndex((end) => end <= windows[i].start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = windows[i].end;
    lanes[i] = lane;
  }
  return lanes;
}
