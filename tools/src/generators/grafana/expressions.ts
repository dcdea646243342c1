/** PromQL over the metrics of rta, of the pipelines that the dashboard shows. A name or label that there is not stops the generator. */
import { METRIC_SPECS, type MetricSpec } from '@rta/serve';

const SHOWN = 'pipeline=~"$pipeline"';
const WINDOW = '[$__rate_interval]';

/** Per second, by pipeline and these labels. */
export function rate(name: string, ...by: readonly string[]): string {
  return `sum by (${labels(name, by)}) (rate(${name}{${SHOWN}}${WINDOW}))`;
}

/** As it is now: the sum over processes, or the greatest. */
export function level(combine: 'sum' | 'max' | 'min', name: string, ...by: readonly string[]): string {
  return `${combine} by (${labels(name, by)}) (${name}{${SHOWN}})`;
}

/** Seconds that a part `q` of what a histogram has counted lately took at most, by pipeline. */
export function quantile(q: number, name: string): string {
  return `histogram_quantile(${q}, sum by (${labels(name, [])}, le) (rate(${name}_bucket{${SHOWN}}${WINDOW})))`;
}

/** Seconds since the time that a metric says. */
export function since(name: string): string {
  return `time() - max by (${labels(name, [])}) (${name}{${SHOWN}})`;
}

/** What the metric says of itself. */
export function helpOf(name: string): string {
  return spec(name).help;
}

function labels(name: string, by: readonly string[]): string {
  const { labels: known } = spec(name);
  const missing = by.find((label) => !known.includes(label));
  if (missing !== undefined) throw new Error(`${name} has no label ${missing}`);
  return ['pipeline', ...by].join(', ');
}

function spec(name: string): MetricSpec {
  const found = METRIC_SPECS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no metric ${name}`);
  return found;
}
