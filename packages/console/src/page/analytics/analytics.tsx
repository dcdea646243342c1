/** Boards over a range of time that the reader chooses, from the OLAP store: cards of figures, funnel, lines, categories, tables. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleState } from '../../wire.js';
import { RangeCard, RangeFigure, type RangeBoard } from './range-card.js';
import { PRESETS, RangeChoice, type Range } from './range-choice.js';

/** How often it asks anew, s. */
const REFRESH = [1, 5, 15, 60, 300];

export function Analytics({ state }: { readonly state: ConsoleState }): JSX.Element {
  const [range, setRange] = useState<Range>(PRESETS[0]);
  const [seconds, setSeconds] = useState(5);
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
          <RangeFigure key={each.board.id} {...each} range={range} seconds={seconds} />
        ))}
      </div>
      <div class="boards ranges">
        {charts.map((each) => (
          <RangeCard key={each.board.id} {...each} range={range} seconds={seconds} />
        ))}
      </div>
    </>
  );
}
