/** The drawing of `rta explain --svg`, with what goes along its edges now. */
import type { JSX } from 'preact';
import type { ConsoleState, DrawnEdge, PipelineFigures, TopologyDrawing } from '../../wire.js';
import { useAnswer } from '../ask.js';
import { count, rate, span } from '../format.js';
import { PipelineChoice, useChoice } from '../pipeline-choice.js';

export function Topology({ state }: { readonly state: ConsoleState }): JSX.Element {
  const [pipeline, choose] = useChoice(state);
  const { answer: drawing } = useAnswer<TopologyDrawing>(`/console/topology/${encodeURIComponent(pipeline)}`);
  const figures = state.figures?.pipelines.find((each) => each.pipeline === pipeline) ?? null;
  return (
    <>
      <PipelineChoice state={state} chosen={pipeline} choose={choose} />
      <p class="soft facts">
        {figures === null
          ? 'starting'
          : `${figures.status} · ${rate(figures.inPerSecond)}/s in · ${rate(figures.outPerSecond)}/s out · lag ${count(figures.lag)} · watermark ${span(figures.watermarkDelayMs)} behind`}
      </p>
      <div class="scroll topology" tabIndex={0} role="region" aria-label={`Topology of ${pipeline}`}>
        {drawing === null ? <p class="soft">loading</p> : <Drawing drawing={drawing} figures={figures} />}
      </div>
    </>
  );
}

interface DrawingProps {
  readonly drawing: TopologyDrawing;
  readonly figures: PipelineFigures | null;
}

function Drawing({ drawing: { width, height, body, edges }, figures }: DrawingProps): JSX.Element {
  const lateAtSource = figures === null ? 0 : figures.late - figures.steps.reduce((sum, { late }) => sum + late, 0);
  return (
    <div class="drawing" style={{ width: `${width}px`, height: `${height}px` }}>
      <svg class="rta" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" dangerouslySetInnerHTML={{ __html: body }} />
      <svg class="badges" viewBox={`0 0 ${width} ${height}`} role="list" aria-label="Rows between steps">
        {figures !== null && edges.map((edge, i) => <Badges key={i} edge={edge} figures={figures} lateAtSource={lateAtSource} />)}
      </svg>
    </div>
  );
}

interface BadgesProps {
  readonly edge: DrawnEdge;
  readonly figures: PipelineFigures;
  readonly lateAtSource: number;
}

/** The rate above the edge; below it what is wrong, where something is. */
function Badges({ edge, figures, lateAtSource }: BadgesProps): JSX.Element | null {
  const step = edge.rows === null ? undefined : figures.steps.find(({ id }) => id === edge.rows?.step);
  const perSecond = step === undefined ? null : edge.rows?.side === 'in' ? step.inPerSecond : step.outPerSecond;
  const to = figures.steps.find(({ id }) => id === edge.to);
  const lag = figures.inputs.filter(({ topic }) => topic === edge.source).reduce((sum, input) => sum + input.lag, 0);
  const late = (to?.late ?? 0) + (edge.source === null ? 0 : Math.max(0, lateAtSource));
  const rejected = to?.rejected ?? 0;
  const rateText = perSecond === null ? null : `${rate(perSecond)}/s`;
  const problems = [
    ...(edge.source === null ? [] : [{ kind: lag > 0 ? 'lag' : 'ok', text: `lag ${count(lag)}` }]),
    ...(late > 0 ? [{ kind: 'late', text: `late ${count(late)}` }] : []),
    ...(rejected > 0 ? [{ kind: 'late', text: `refused ${count(rejected)}` }] : []),
  ];
  if (rateText === null && problems.length === 0) return null;
  const said = [rateText, ...problems.map(({ text }) => text)].filter((text) => text !== null).join(', ');
  return (
    <g role="listitem" aria-label={`${edge.name}: ${said}`}>
      {rateText !== null && (
        <text class="rate" x={edge.x} y={edge.y - (edge.isLabelled ? 22 : 7)} text-anchor="middle">
          {rateText}
        </text>
      )}
      {problems.map(({ kind, text }, i) => (
        <g key={kind + text.split(' ')[0]} class={`badge ${kind}`} transform={`translate(${edge.x} ${edge.y + 6 + i * 20})`}>
          <rect x={-(text.length * 6.2 + 10) / 2} width={text.length * 6.2 + 10} height="17" rx="8.5" />
          <text y="12.5" text-anchor="middle">
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}
