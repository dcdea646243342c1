/**
 * Prometheus' text format.
 *
 * ```
 * family := "# HELP " name " " help LF  "# TYPE " name " " type LF  sample*
 * sample := name [ "{" label "=" '"' value '"' ("," …)* "}" ] " " number LF
 * ```
 */
import type { Histogram } from '@rta/runtime';

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  /** Null: not known, the sample is left out. */
  readonly value: number | Histogram | null;
}

export interface MetricSpec {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Names of the labels that its samples have. */
  readonly labels: readonly string[];
}

export interface Family extends Omit<MetricSpec, 'labels'> {
  readonly samples: readonly Sample[];
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Families without a sample are left out. */
export function exposition(families: readonly Family[]): string {
  return families
    .map((family) => ({ family, lines: family.samples.flatMap((sample) => sampleLines(family.name, sample)) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ family: { name, help, type }, lines }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`)
    .join('');
}

function sampleLines(name: string, { labels, value }: Sample): string[] {
  if (value === null) return [];
  if (typeof value === 'number') return [line(name, labels, value)];
  let total = 0;
  const buckets = value.counts.map((count, i) => {
    total += count;
    return line(`${name}_bucket`, { ...labels, le: value.bounds[i] ?? '+Inf' }, total);
  });
  return [...buckets, line(`${name}_sum`, labels, value.sum), line(`${name}_count`, labels, total)];
}

function line(name: string, labels: Labels, value: number): string {
  const shown = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text))}"`);
  return `${name}${shown.length === 0 ? '' : `{${shown.join(',')}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
