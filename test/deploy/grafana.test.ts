/** Dashboard and rules name metrics that there are, in PromQL that Prometheus reads. */
import { METRIC_SPECS, type MetricSpec } from '@rta/serve';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { documents, filesIn } from './files.js';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string; readonly datasource: { readonly uid: string } }[];
}

const [dashboard] = documents<{ readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly { readonly query: { readonly query: string } }[] } }>('deploy/grafana/dashboards/pipelines.gen.json'); // prettier-ignore
const [{ groups }] = documents<{ readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[] }>('deploy/prometheus/rules.yml'); // prettier-ignore
const [{ datasources }] = documents<{ readonly datasources: readonly { readonly uid: string; readonly type: string; readonly jsonData: Readonly<Record<string, unknown>>; readonly secureJsonData?: Readonly<Record<string, unknown>> }[] }>('deploy/grafana/provisioning/datasources/rta.yaml'); // prettier-ignore
const uidsOf = (type: string): readonly string[] => datasources.filter((source) => source.type === type).map(({ uid }) => uid);

/** Beside ours: prometheus says it of each target. */
const UP: MetricSpec = { name: 'up', type: 'gauge', labels: ['job', 'instance'], help: '' };
const strict = parser.configure({ strict: true });

/** What the samples of a histogram are called. */
function found(name: string): MetricSpec | undefined {
  return [UP, ...METRIC_SPECS].find((spec) =>
    spec.type === 'histogram' ? [`${spec.name}_bucket`, `${spec.name}_sum`, `${spec.name}_count`].includes(name) : spec.name === name,
  );
}

/** Metrics and labels of an expression. Throws where it is not PromQL. */
function namesIn(expression: string): { readonly metrics: string[]; readonly labels: string[] } {
  const text = expression.replaceAll('$__rate_interval', '1m').replaceAll('$pipeline', '.*');
  const metrics: string[] = [];
  const labels: string[] = [];
  strict.parse(text).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'Identifier') metrics.push(text.slice(from, to));
      if (name === 'LabelName') labels.push(text.slice(from, to));
    },
  });
  return { metrics, labels };
}

function expectKnown(expression: string): void {
  const { metrics, labels } = namesIn(expression);
  expect(metrics.length, expression).toBeGreaterThan(0);
  const specs = metrics.map((name) => found(name) ?? expect.unreachable(`${expression}: there is no metric ${name}`));
  const known = specs.flatMap((spec) => spec.labels);
  expect([...known, 'le'], expression).toEqual(expect.arrayContaining(labels));
}

describe('the dashboard', () => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');

  it.each(panels.map((panel) => [panel.title, panel] as const))('%s', (_, { targets = [] }) => {
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr, legendFormat } of targets) {
      expectKnown(expr);
      const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      expect(namesIn(expr).labels).toEqual(expect.arrayContaining(legend));
    }
  });

  it('shows every metric of pipelines that changes while one runs', () => {
    const shown = new Set(panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr).metrics.map((name) => found(name)?.name))));
    const left = METRIC_SPECS.map(({ name }) => name).filter((name) => !shown.has(name) && !name.startsWith('rta_collect_'));
    // As the watermark's delay, and beside bytes.
    expect(left).toEqual(['rta_source_watermark_timestamp_seconds', 'rta_state_entries']);
  }); // prettier-ignore

  it('asks the data source that is provisioned', () => {
    const uids = panels.flatMap(({ datasource, targets = [] }) => [datasource?.uid, ...targets.map((target) => target.datasource.uid)]);
    expect([...new Set(uids)]).toEqual(uidsOf('prometheus'));
    expect(dashboard.templating.list[0].query.query).toBe('label_values(rta_pipeline_running, pipeline)');
  });
});

describe('the dashboard of ClickHouse', () => {
  const CLICKHOUSE = 'grafana-clickhouse-datasource';
  const [{ services }] = documents<{ readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>> }>('docker-compose.yml'); // prettier-ignore

  it('asks the data source that is provisioned, whose plugin is there', () => {
    const [teams] = documents<typeof dashboard>('deploy/grafana/dashboards/teams.json');
    const uids = teams.panels.flatMap(({ datasource, targets = [] }) => [
      datasource?.uid,
      ...targets.map((target) => target.datasource.uid),
    ]);
    expect([...new Set(uids)]).toEqual(uidsOf(CLICKHOUSE));
    expect(services['grafana'].environment['GF_PLUGINS_PREINSTALL_SYNC']).toMatch(new RegExp(`^${CLICKHOUSE}@\\d+\\.\\d+\\.\\d+$`));
  });

  it('reaches the server where rta writes, as whom it does', () => {
    const { jsonData, secureJsonData } = datasources.find(({ type }) => type === CLICKHOUSE)!;
    const { 'rides-in-clickhouse': rta, clickhouse } = services;
    expect(rta.environment['CLICKHOUSE_URL']).toBe(`http://${String(jsonData['host'])}:${String(jsonData['port'])}`);
    const known = { DB: jsonData['defaultDatabase'], USER: jsonData['username'], PASSWORD: secureJsonData?.['password'] };
    for (const [name, value] of Object.entries(known)) {
      expect(clickhouse.environment[`CLICKHOUSE_${name}`]).toBe(value);
      expect(rta.environment[`CLICKHOUSE_${name === 'DB' ? 'DATABASE' : name}`]).toBe(value);
    }
  });
});

describe('rules of Prometheus', () => {
  it.each(groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)))('%s', (expr) => {
    expectKnown(expr);
  });
});

it('provisioned files are YAML or JSON', () => {
  for (const directory of ['deploy/grafana/provisioning/dashboards', 'deploy/grafana/provisioning/datasources', 'deploy/prometheus'])
    for (const file of filesIn(directory)) expect(documents(file)).toHaveLength(1);
});
