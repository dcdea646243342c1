/** Boards over a range of time that the reader chooses, from the OLAP store: cards of figures, funnel, lines, categories, tables. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { ConsoleState } from '../../wire.js';
import { useTurns } from '../use-turns.js';
import { RangeCard, RangeFigure, type RangeBoard } from './range-card.js';
import { PRESETS, RangeChoice, type Range } from './range-choice.js';

/** How often it asks anew, s. */
const REFRESH = [1, 5, 15, 60, 300];

export function Analytics({ state }: { readonly state: ConsoleState }): JSX.Element {
  const [range, setRange] = useState<Range>(PRESETS[0]);
  const [seconds, setSeconds] = useState(5);
  const turn = useTurns(seconds * 1000);
  const { from, to } = useMemo(() => boundsOf(range), [range, turn]);
  const boards = state.pipelines.flatMap(({ pipeline, boards: own }) =>
    own.flatMap((board): RangeBoard[] => (board.range === null ? [] : [{ pipeline, board }])),
  );
  if (boards.length === 0)
    return (
      <p class="empty">
        No pipeline here has boards over a range of time. Say which in its file, of a sink that is a <code>table</code>:{' '}
        <code>{'boards: { revenue: { from: olap, show: number, value: revenue, time: window_start } }'}</code>
      </p>
    );
  const figures = boards.filter(({ board }) => board.show === 'number');
  const charts = boards.filter(({ board }) => board.show !== 'number');
  return (
    <>
      <div class="controls">
        <RangeChoice range={range} choose={setRange} />
        <label>
          Refresh{' '}
          <select value={seconds} onChange={({ currentTarget }) => setSeconds(Number(currentTarget.value))}>
            {REFRESH.map((each) => (
              <option key={each} value={each}>
                {each < 60 ? `${each} s` : `${each / 60} min`}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="figures">
        {figures.map((each) => (
          <RangeFigure key={each.board.id} {...each} from={from} to={to} />
        ))}
      </div>
      <div class="boards ranges">
        {charts.map((each) => (
          <RangeCard key={each.board.id} {...each} from={from} to={to} />
        ))}
      </div>
    </>
  );
}

/** Of a preset as of now. */
function boundsOf(range: Range): { readonly from: number; readonly to: number } {
  if ('from' in range) return range;
  // Whole seconds, so that all boards of a turn are over the same.
  const to = Math.ceil(Date.now() / 1000) * 1000;
  return { from: to - range.ms, to };
}
