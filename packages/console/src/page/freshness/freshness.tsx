/** How old results are, who holds them up, and which records are not in them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleState, HistoryPoint, InputFigures, PipelineFacts, PipelineFigures } from '../../wire.js';
import { bytes, clockText, count, rate, span } from '../format.js';
import { LineChart, type Line } from '../line-chart.js';
import { PipelineChoice, useChoice } from '../pipeline-choice.js';

export function Freshness({ state }: { readonly state: ConsoleState }): JSX.Element {
  const [pipeline, choose] = useChoice(state);
  const figures = state.figures?.pipelines ?? [];
  const chosen = figures.find((each) => each.pipeline === pipeline) ?? null;
  const facts = state.pipelines.find((each) => each.pipeline === pipeline);
  return (
    <>
      <Overview figures={figures} pipelines={state.pipelines} />
      <PipelineChoice state={state} chosen={pipeline} choose={choose} />
      {chosen !== null && facts !== undefined && (
        <div class="columns">
          <Latency figures={chosen} history={state.history[pipeline] ?? []} />
          <Partitions inputs={chosen.inputs} asOf={state.figures!.asOf} />
          <LeftOut figures={chosen} facts={facts} />
        </div>
      )}
    </>
  );
}

const COLUMNS = [
  'pipeline',
  'status',
  'in /s',
  'out /s',
  'p50',
  'p95',
  'p99',
  'commit p99',
  'lag',
  'watermark behind',
  'late',
  'refused',
  'state',
  'last commit',
];

function Overview({
  figures,
  pipelines,
}: {
  readonly figures: readonly PipelineFigures[];
  readonly pipelines: readonly PipelineFacts[];
}): JSX.Element {
  return (
    <section class="card" aria-labelledby="overview">
      <h2 id="overview">Pipelines</h2>
      <p class="soft facts">p50, p95, p99: from an event’s time to the commit of what it changes</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Figures of pipelines">
        <table>
          <thead>
            <tr>
              {COLUMNS.map((name, i) => (
                <th key={name} scope="col" class={i < 2 ? 'text' : 'number'}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {pipelines.map(({ pipeline }) => (
              <tr key={pipeline} data-pipeline={pipeline}>
                <th scope="row" class="text">
                  {pipeline}
                </th>
                {overviewCells(figures.find((each) => each.pipeline === pipeline)).map((text, i) => (
                  <td key={i} class={i === 0 ? 'text' : 'number'}>
                    {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function overviewCells(each: PipelineFigures | undefined): string[] {
  if (each === undefined) return ['starting', ...Array.from({ length: COLUMNS.length - 2 }, () => '–')];
  const { p50, p95, p99 } = each.endToEnd;
  return [
    each.status,
    rate(each.inPerSecond),
    rate(each.outPerSecond),
    span(p50),
    span(p95),
    span(p99),
    span(each.commit.p99),
    count(each.lag),
    span(each.watermarkDelayMs),
    count(each.late),
    count(each.rejected),
    bytes(each.stateBytes),
    clockText(each.lastCommitAt),
  ];
}

/** The last minutes of it. */
function Latency({
  figures: { pipeline },
  history,
}: {
  readonly figures: PipelineFigures;
  readonly history: readonly HistoryPoint[];
}): JSX.Element {
  const [isTable, setTable] = useState(false);
  const heading = `latency of ${pipeline}`;
  const xs = history.map(({ at }) => at);
  const latencies = (['p50', 'p95', 'p99'] as const).map((name): Line => ({ name, values: history.map(({ endToEnd }) => endToEnd[name]) }));
  const rates = [{ name: 'records a second', values: history.map(({ inPerSecond }) => inPerSecond) }];
  const lags = [{ name: 'lag', values: history.map(({ lag }) => lag) }];
  return (
    <section class="card wide" aria-labelledby={heading}>
      <h2 id={heading}>End to end</h2>
      <p class="soft facts">the last {count(history.length)} seconds</p>
      {isTable ? (
        <HistoryTable history={history} />
      ) : (
        <div class="charts">
          <LineChart name="End to end" xs={xs} isTime lines={latencies} height={200} show={span} />
          <LineChart name="Read" xs={xs} isTime lines={rates} height={200} show={rate} />
          <LineChart name="Not read yet" xs={xs} isTime lines={lags} height={200} show={count} />
        </div>
      )}
      <div class="actions">
        <button type="button" aria-pressed={isTable} aria-label={`Table of ${heading}`} onClick={() => setTable(!isTable)}>
          Table
        </button>
      </div>
    </section>
  );
}

function HistoryTable({ history }: { readonly history: readonly HistoryPoint[] }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="End to end, second by second">
      <table>
        <thead>
          <tr>
            {['time', 'p50', 'p95', 'p99', 'records a second', 'lag'].map((name) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {history.toReversed().map(({ at, endToEnd, inPerSecond, lag }) => (
            <tr key={at}>
              {[clockText(at), span(endToEnd.p50), span(endToEnd.p95), span(endToEnd.p99), rate(inPerSecond), count(lag)].map((text, i) => (
                <td key={i} class="number">
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Source partitions; the watermark of them all is the least of theirs. */
function Partitions({ inputs, asOf }: { readonly inputs: readonly InputFigures[]; readonly asOf: number }): JSX.Element {
  const sorted = [...inputs].sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
  const holder = holderOf(sorted);
  return (
    <section class="card" aria-labelledby="partitions">
      <h2 id="partitions">Watermark</h2>
      <p class="soft facts">
        {holder === null
          ? 'no partition is read here'
          : holder.watermark === null
            ? `${holder.topic}-${holder.partition} holds it: nothing has been read of it`
            : `${holder.topic}-${holder.partition} holds it, ${span(asOf - holder.watermark)} behind the clock`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Source partitions">
        <table>
          <thead>
            <tr>
              <th scope="col">partition</th>
              <th scope="col" class="number">
                watermark
              </th>
              <th scope="col" class="number">
                behind
              </th>
              <th scope="col" class="number">
                lag
              </th>
              <th scope="col">holds it</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((input) => (
              <tr key={`${input.topic}-${input.partition}`} class={input === holder ? 'holds' : undefined}>
                <th scope="row" class="text">
                  {input.topic}-{input.partition}
                </th>
                <td class="number">{clockText(input.watermark)}</td>
                <td class="number">{span(input.watermark === null ? null : asOf - input.watermark)}</td>
                <td class="number">{count(input.lag)}</td>
                <td>{input === holder ? 'yes' : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Of which nothing has been read holds it before all others. */
function holderOf(inputs: readonly InputFigures[]): InputFigures | null {
  return inputs.reduce<InputFigures | null>(
    (least, input) => (least === null || (input.watermark ?? -Infinity) < (least.watermark ?? -Infinity) ? input : least),
    null,
  );
}

/** Late records and those that were refused, with the reasons. */
function LeftOut({ figures, facts }: { readonly figures: PipelineFigures; readonly facts: PipelineFacts }): JSX.Element {
  const reasons = Object.entries(figures.rejectedBy).filter(([, times]) => times > 0);
  return (
    <section class="card" aria-labelledby="left-out">
      <h2 id="left-out">Late and refused</h2>
      <dl>
        <dt>late</dt>
        <dd>
          {count(figures.late)} <span class="soft">→ {facts.late}</span>
        </dd>
        <dt>refused</dt>
        <dd>
          {count(figures.rejected)} <span class="soft">→ {facts.errors}</span>
        </dd>
        {reasons.map(([reason, times]) => [
          <dt key={reason} class="reason">
            {reason}
          </dt>,
          <dd key={`${reason} times`}>{count(times)}</dd>,
        ])}
      </dl>
      {figures.rejected > 0 && (
        <p class="soft">
          <code>rta dlq ls {facts.path}</code> says which
        </p>
      )}
    </section>
  );
}
