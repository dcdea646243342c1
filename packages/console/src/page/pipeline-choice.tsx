import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleState } from '../wire.js';

/** Which pipeline a view shows, from one view to the next. */
let last: string | null = null;

export function useChoice(state: ConsoleState): readonly [string, (pipeline: string) => void] {
  const [chosen, setChosen] = useState(last);
  const known = state.pipelines.find(({ pipeline }) => pipeline === chosen) ?? state.pipelines[0];
  return [
    known?.pipeline ?? '',
    (pipeline) => {
      last = pipeline;
      setChosen(pipeline);
    },
  ];
}

interface PipelineChoiceProps {
  readonly state: ConsoleState;
  readonly chosen: string;
  readonly choose: (pipeline: string) => void;
}

export function PipelineChoice({ state, chosen, choose }: PipelineChoiceProps): JSX.Element {
  return (
    <p class="choice">
      <label>
        Pipeline{' '}
        <select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {state.pipelines.map(({ pipeline }) => (
            <option key={pipeline} value={pipeline}>
              {pipeline}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}
