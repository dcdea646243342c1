/** The Grafana dashboard of what pipelines do, as its provisioning reads it. */
import { helpOf, level, quantile, rate, since } from './expressions.js';

/** As in deploy/grafana/provisioning/datasources. */
const DATA_SOURCE = { type: 'prometheus', uid: 'rta-prometheus' };
/** Grafana lays panels out on a grid that is so wide. */
const GRID = 24;

interface PanelSpec {
  readonly title: string;
  /** The metric that says what the panel shows. */
  readonly of: string;
  /** As Grafana names units. */
  readonly unit: 'short' | 's' | 'bytes' | 'reqps' | 'bool_yes_no';
  /** Legend and expression. */
  readonly lines: readonly (readonly [legend: string, expression: string])[];
  /** The last value, large; else lines over time. */
  readonly stat?: boolean;
}

const ROWS: readonly (readonly [title: string, panels: readonly PanelSpec[]])[] = [
  [
    'Now',
    [
      { title: 'At work', of: 'rta_pipeline_running', unit: 'bool_yes_no', stat: true, lines: [['{{pipeline}}', level('min', 'rta_pipeline_running')]] },
      { title: 'Lag', of: 'rta_lag_records', unit: 'short', stat: true, lines: [['{{pipeline}}', level('sum', 'rta_lag_records')]] },
      { title: 'Event to result, p99', of: 'rta_end_to_end_latency_seconds', unit: 's', stat: true, lines: [['{{pipeline}}', quantile(0.99, 'rta_end_to_end_latency_seconds')]] },
      { title: 'Last commit, ago', of: 'rta_last_commit_timestamp_seconds', unit: 's', stat: true, lines: [['{{pipeline}}', since('rta_last_commit_timestamp_seconds')]] },
    ],
  ],
  [
    'Throughput',
    [
      { title: 'Records read', of: 'rta_source_records_total', unit: 'reqps', lines: [['{{pipeline}}', rate('rta_source_records_total')]] },
      { title: 'Records written', of: 'rta_sink_records_total', unit: 'reqps', lines: [['{{pipeline}} → {{topic}}', rate('rta_sink_records_total', 'topic')]] },
      { title: 'Rows into steps', of: 'rta_step_records_in_total', unit: 'reqps', lines: [['{{pipeline}} {{step}}', rate('rta_step_records_in_total', 'step')]] },
      { title: 'Rows out of steps', of: 'rta_step_records_out_total', unit: 'reqps', lines: [['{{pipeline}} {{step}}', rate('rta_step_records_out_total', 'step')]] },
    ],
  ],
  [
    'Freshness',
    [
      {
        title: 'Event to result',
        of: 'rta_end_to_end_latency_seconds',
        unit: 's',
        lines: [0.5, 0.95, 0.99].map((q) => [`{{pipeline}} p${q * 100}`, quantile(q, 'rta_end_to_end_latency_seconds')]),
      },
      { title: 'Lag by partition', of: 'rta_lag_records', unit: 'short', lines: [['{{pipeline}} {{topic}}-{{partition}}', level('max', 'rta_lag_records', 'topic', 'partition')]] },
      { title: 'Watermark, behind the clock', of: 'rta_watermark_delay_seconds', unit: 's', lines: [['{{pipeline}}', level('max', 'rta_watermark_delay_seconds')]] },
      { title: 'Watermark by step, behind the clock', of: 'rta_step_watermark_delay_seconds', unit: 's', lines: [['{{pipeline}} {{step}}', level('max', 'rta_step_watermark_delay_seconds', 'step')]] },
    ],
  ],
  [
    'What was left out',
    [
      { title: 'Late records', of: 'rta_late_records_total', unit: 'reqps', lines: [['{{pipeline}}', rate('rta_late_records_total')]] },
      { title: 'Late records by step', of: 'rta_step_late_records_total', unit: 'reqps', lines: [['{{pipeline}} {{step}}', rate('rta_step_late_records_total', 'step')]] },
      { title: 'Dead letters, by reason', of: 'rta_rejected_records_total', unit: 'reqps', lines: [['{{pipeline}} {{reason}}', rate('rta_rejected_records_total', 'reason')]] },
    ],
  ],
  [
    'Stores of sinks',
    [
      { title: 'Takes rows', of: 'rta_delivery_up', unit: 'bool_yes_no', lines: [['{{pipeline}} {{sink}} ({{store}})', level('min', 'rta_delivery_up', 'sink', 'store')]] },
      { title: 'Not delivered yet', of: 'rta_delivery_lag_records', unit: 'short', lines: [['{{pipeline}} {{sink}} ({{store}})', level('sum', 'rta_delivery_lag_records', 'sink', 'store')]] },
      { title: 'Not delivered for', of: 'rta_delivery_delay_seconds', unit: 's', lines: [['{{pipeline}} {{sink}} ({{store}})', level('max', 'rta_delivery_delay_seconds', 'sink', 'store')]] },
      { title: 'Refused in a row', of: 'rta_delivery_retries', unit: 'short', lines: [['{{pipeline}} {{sink}} ({{store}})', level('max', 'rta_delivery_retries', 'sink', 'store')]] },
    ],
  ],
  [
    'Deliveries to them',
    [
      { title: 'Rows delivered', of: 'rta_delivery_records_total', unit: 'reqps', lines: [['{{pipeline}} {{sink}} ({{store}})', rate('rta_delivery_records_total', 'sink', 'store')]] },
      { title: 'Batches delivered', of: 'rta_delivery_batches_total', unit: 'reqps', lines: [['{{pipeline}} {{sink}} ({{store}})', rate('rta_delivery_batches_total', 'sink', 'store')]] },
      { title: 'Batches refused', of: 'rta_delivery_failures_total', unit: 'reqps', lines: [['{{pipeline}} {{sink}} ({{store}})', rate('rta_delivery_failures_total', 'sink', 'store')]] },
    ],
  ],
  [
    'Incidents told',
    [
      { title: 'Told, by result', of: 'rta_notifications_total', unit: 'reqps', lines: [['{{pipeline}} {{target}} {{result}}', rate('rta_notifications_total', 'target', 'result')]] },
      { title: 'Told again', of: 'rta_notifications_retrying', unit: 'short', lines: [['{{pipeline}} {{target}}', level('sum', 'rta_notifications_retrying', 'target')]] },
    ],
  ],
  [
    'Commits and state',
    [
      {
        title: 'Commit time',
        of: 'rta_commit_duration_seconds',
        unit: 's',
        lines: [0.5, 0.99].map((q) => [`{{pipeline}} p${q * 100}`, quantile(q, 'rta_commit_duration_seconds')]),
      },
      { title: 'State in memory', of: 'rta_state_bytes', unit: 'bytes', lines: [['{{pipeline}} {{step}}', level('sum', 'rta_state_bytes', 'step')]] },
      { title: 'Changelog records replayed', of: 'rta_restored_records_total', unit: 'reqps', lines: [['{{pipeline}}', rate('rta_restored_records_total')]] },
      { title: 'Tasks', of: 'rta_tasks', unit: 'short', lines: [['{{pipeline}}', level('sum', 'rta_tasks')]] },
      { title: 'Lag of standby copies', of: 'rta_standby_lag_records', unit: 'short', lines: [['{{pipeline}} {{task}}', level('max', 'rta_standby_lag_records', 'task')]] },
      { title: 'Joined again in a row', of: 'rta_rejoins', unit: 'short', lines: [['{{pipeline}}', level('max', 'rta_rejoins')]] },
    ],
  ],
]; // prettier-ignore

const STAT_HEIGHT = 4;
const HEIGHT = 8;

/** The file's text. */
export function grafanaDashboard(): string {
  const panels: object[] = [];
  let y = 0;
  for (const [title, specs] of ROWS) {
    panels.push({ id: panels.length + 1, type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y, w: GRID, h: 1 } });
    y++;
    const perLine = specs.length > 4 ? 3 : specs.length;
    const h = specs.every(({ stat }) => stat) ? STAT_HEIGHT : HEIGHT;
    for (const [i, spec] of specs.entries()) {
      const gridPos = { x: (i % perLine) * (GRID / perLine), y: y + Math.floor(i / perLine) * h, w: GRID / perLine, h };
      panels.push({ id: panels.length + 1, ...panel(spec), gridPos });
    }
    y += Math.ceil(specs.length / perLine) * h;
  }
  const dashboard = {
    uid: 'rta-pipelines',
    title: 'rta pipelines',
    tags: ['rta'],
    schemaVersion: 39,
    editable: false,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    timezone: 'browser',
    templating: { list: [PIPELINE] },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** Which pipelines are shown. */
const PIPELINE = {
  name: 'pipeline',
  label: 'Pipeline',
  type: 'query',
  datasource: DATA_SOURCE,
  query: { query: 'label_values(rta_pipeline_running, pipeline)', refId: 'pipeline' },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
};

function panel({ title, of, unit, lines, stat = false }: PanelSpec): object {
  return {
    type: stat ? 'stat' : 'timeseries',
    title,
    description: helpOf(of),
    datasource: DATA_SOURCE,
    fieldConfig: { defaults: { unit, min: 0, ...(stat ? {} : { custom: { fillOpacity: 8, showPoints: 'never' } }) }, overrides: [] },
    options: stat
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'none', graphMode: 'area', textMode: 'value_and_name' }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: lines.map(([legendFormat, expr], i) => ({ refId: String.fromCharCode(65 + i), datasource: DATA_SOURCE, expr, legendFormat, instant: stat })),
  }; // prettier-ignore
}
