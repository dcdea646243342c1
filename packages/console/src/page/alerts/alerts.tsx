/** Incidents per key over time, and who was told of them. */
import type { JSX } from 'preact';
import type { IncidentFacts, IncidentsAnswer, Telling } from '../../incidents.js';
import type { ConsoleState } from '../../wire.js';
import { cellText, clockText, count, span } from '../format.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import { placeAt, TimeMarks, type TimeScale } from '../time-axis.js';
import { useRepeated } from '../use-repeated.js';

const LOOK_MS = 2_000;
const [WIDTH, LEFT, LANE, MOST_KEYS] = [1100, 270, 28, 40];
/** Letters of a name that fit to the left of the axis. */
const LETTERS = 38;

const COLUMNS = [
  { name: 'alert', kind: 'text' },
  { name: 'key', kind: 'text' },
  { name: 'state', kind: 'text' },
  { name: 'held since', kind: 'timestamp' },
  { name: 'opened', kind: 'timestamp' },
  { name: 'ended', kind: 'timestamp' },
  { name: 'lasted', kind: 'text' },
  { name: 'told', kind: 'text' },
  { name: 'row', kind: 'text' },
  { name: 'pipeline', kind: 'text' },
] as const satisfies readonly TableColumn[];

export function Alerts(_props: { readonly state: ConsoleState }): JSX.Element {
  const { answer, problem } = useRepeated<IncidentsAnswer>('/console/ask/incidents', LOOK_MS);
  if (answer === null) return <p class={problem === null ? 'soft empty' : 'empty lost'}>{problem ?? 'loading'}</p>;
  if (answer.pipelines.length === 0)
    return (
      <p class="empty">
        No pipeline here has alerts. Say which in its file:{' '}
        <code>{'alerts: { busy: { when: total > 100, for: 2m, notify: oncall } }'}</code>
      </p>
    );
  const { incidents, asOf, pipelines } = answer;
  const open = incidents.filter(({ resolvedAt }) => resolvedAt === null);
  const rows = incidents.map(cellsOf);
  return (
    <>
      <section class="card" aria-labelledby="timeline">
        <h2 id="timeline">Incidents</h2>
        <p class="soft facts">
          <span class={open.length > 0 ? 'is-open' : ''}>{count(open.length)} open</span> · {count(incidents.length - open.length)} ended ·{' '}
          {pipelines.map(({ pipeline, alerts }) => `${pipeline}: ${alerts.join(', ')}`).join(' · ')} · as of {clockText(asOf)} · event time,
          final
        </p>
        {incidents.length === 0 ? <p>There have been no incidents.</p> : <Timeline incidents={incidents} />}
      </section>
      {incidents.length > 0 && (
        <section class="card" aria-labelledby="incidents">
          <h2 id="incidents">Who was told</h2>
          <p class="soft facts">The newest first.</p>
          <Table
            name="Table of incidents"
            columns={COLUMNS}
            rows={rows}
            rowClass={(row) => (incidents[row].resolvedAt === null ? 'open' : undefined)}
          />
          <div class="actions">
            <SaveCsv name="incidents" columns={COLUMNS} rows={rows} />
          </div>
        </section>
      )}
    </>
  );
}

function cellsOf(incident: IncidentFacts): (string | number | null)[] {
  const { alert, key, since, openedAt, resolvedAt, told, row, pipeline } = incident;
  const lasted = resolvedAt === null ? null : span(resolvedAt - openedAt);
  return [alert, key, stateOf(incident), since, openedAt, resolvedAt, lasted, told.map(tellingText).join('; ') || 'nobody', row, pipeline];
}

function stateOf({ resolvedAt, reason }: IncidentFacts): string {
  const state = resolvedAt === null ? 'open' : 'ended';
  return reason === 'noData' ? `${state}, no data` : state;
}

const RESULTS: Readonly<Record<Telling['result'], string>> = {
  delivered: 'told',
  done: 'told before this run',
  waiting: 'not told yet',
  nobody: 'not told by this run',
  refused: 'refused',
  'given-up': 'given up',
};

/** `oncall: trigger told 12:00:05` */
function tellingText({ target, action, result, at, why }: Telling): string {
  return `${target}: ${action} ${RESULTS[result]}${at === null ? '' : ` ${clockText(at)}`}${why === null ? '' : ` (${why})`}`;
}

function Timeline({ incidents }: { readonly incidents: readonly IncidentFacts[] }): JSX.Element {
  const byKey = new Map<string, IncidentFacts[]>();
  for (const incident of incidents) byKey.set(incident.dedupKey, [...(byKey.get(incident.dedupKey) ?? []), incident]);
  const lanes = [...byKey].slice(0, MOST_KEYS);
  const times = incidents.flatMap(({ since, openedAt, resolvedAt }) => [since, openedAt, resolvedAt ?? openedAt]);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const room = Math.max(60_000, (to - from) * 0.06);
  const scale: TimeScale = { from: from - room, to: to + room, left: LEFT, width: WIDTH - LEFT - 10 };
  const height = lanes.length * LANE + 4;
  return (
    <>
      <div class="scroll axis" tabIndex={0} role="region" aria-label="Timeline of incidents">
        <svg viewBox={`0 0 ${WIDTH} ${height + 22}`} role="list" aria-label="Incidents by key">
          <TimeMarks scale={scale} height={height} />
          {lanes.map(([key, own], lane) => (
            <g key={key} transform={`translate(0 ${lane * LANE})`}>
              <line class="lane" x1={LEFT} x2={WIDTH - 10} y1={LANE / 2 + 2} y2={LANE / 2 + 2} />
              <text class="name" x="2" y={LANE / 2 + 6}>
                {cut(`${own[0].alert} · ${own[0].key}`)}
              </text>
              {own.map((incident) => (
                <Incident key={incident.openedAt} incident={incident} scale={scale} />
              ))}
            </g>
          ))}
        </svg>
      </div>
      <p class="soft legend">
        <span class="swatch held" /> held, not yet for long enough <span class="swatch open" /> open <span class="swatch ended" /> ended{' '}
        <span class="swatch no-data" /> no data
        {byKey.size > MOST_KEYS && ` · ${count(byKey.size - MOST_KEYS)} more keys: the table has all`}
      </p>
    </>
  );
}

interface IncidentProps {
  readonly incident: IncidentFacts;
  readonly scale: TimeScale;
}

function Incident({ incident, scale }: IncidentProps): JSX.Element {
  const { alert, key, since, openedAt, resolvedAt, reason, told } = incident;
  const x = placeAt(scale, openedAt);
  const end = placeAt(scale, resolvedAt ?? scale.to);
  const held = placeAt(scale, since);
  const kind = reason === 'noData' ? 'no-data' : resolvedAt === null ? 'open' : 'ended';
  const until = resolvedAt === null ? 'open' : `ended ${cellText(resolvedAt, 'timestamp')}`;
  const text = `${alert}, ${key}: opened ${cellText(openedAt, 'timestamp')}, ${until}; ${told.map(tellingText).join('; ') || 'nobody is told'}`;
  return (
    <g class={`incident ${kind}${resolvedAt === null ? ' is-open' : ''}`} role="listitem" aria-label={text}>
      <title>{text}</title>
      {held < x && <rect class="held" x={held} y={LANE / 2} width={x - held} height="4" />}
      <rect x={x} y="6" width={Math.max(4, end - x)} height={LANE - 11} rx="4" />
    </g>
  );
}

function cut(text: string): string {
  return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
}
