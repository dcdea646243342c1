/** Latencies as a table and a picture. */
import { chartSvg, type Guide, type Line } from '../line-chart.js';
import { markdownTable, thousands, type Section } from '../page.js';
import type { LatencyRow } from './latency.js';

export function latencyTable(rows: readonly LatencyRow[]): string {
  return markdownTable(
    ['result, engine', 'events/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'until the broker had it, p99 ms', 'events seen', 'not seen'],
    rows.map(({ workload, peer, rate, p50, p95, p99, max, producerP99, samples, missing, targetP50, targetP99 }) => [
      `${workload}, ${peer}`,
      ...[thousands(rate), cell(p50, targetP50), cell(p95, null), cell(p99, targetP99), cell(max, null)],
      ...[String(producerP99), thousands(samples), thousands(missing)],
    ]),
  );
}

function cell(ms: number | null, target: number | null): string {
  const text = ms === null ? '–' : String(ms);
  return target === null ? text : `${text} of ${target}`;
}

export function latencySections(rows: readonly LatencyRow[]): Section[] {
  const { seconds } = rows[0];
  return [
    {
      title: 'latency',
      text: `From the moment when an event is due, which is its event time, to that when a plain consumer (KafkaJS, \`read_committed\`) has a row that
counts it; exactly once, \`updates\`. A producer of its own sends events at equal distances for ${seconds} s after some of warming up, however long
the broker takes; half are of ten users, who lead the board. **sum** is each user's sum, one transactional hop, and every event counts; **top** the
leaderboard, two hops, of which the leaders' events count. "70 of 80": what should not be exceeded. **not seen**: events that no
result showed 30 s after the last one was due, since the engine could not keep up or, where it took long until the broker had them, the
machine. All processes and the broker share it.

${latencyTable(rows)}

${workloadsOf(rows)
  .map((workload) => `![Latency of ${workload}](${pictureName(workload)})`)
  .join('\n')}`,
    },
  ];
}

/** By name of the file. */
export function latencyPictures(rows: readonly LatencyRow[]): ReadonlyMap<string, string> {
  return new Map(workloadsOf(rows).map((workload) => [pictureName(workload), pictureOf(workload, rows)]));
}

function pictureName(workload: string): string {
  return `latency-${workload}.svg`;
}

function workloadsOf(rows: readonly LatencyRow[]): string[] {
  return [...new Set(rows.map(({ workload }) => workload))];
}

function pictureOf(workload: string, all: readonly LatencyRow[]): string {
  const rows = all.filter((row) => row.workload === workload);
  const rates = [...new Set(rows.map(({ rate }) => rate))].sort((a, b) => a - b);
  const lines = [...new Set(rows.map(({ peer }) => peer))].flatMap((peer, i): Line[] => {
    const values = (figure: 'p50' | 'p99') =>
      rates.map((rate) => rows.find((row) => row.peer === peer && row.rate === rate)?.[figure] ?? null);
    const colour = (i % 4) as Line['colour'];
    return [
      { name: `${peer.split(',')[0]}, p99`, values: values('p99'), colour },
      { name: `${peer.split(',')[0]}, p50`, values: values('p50'), colour, dashed: true },
    ];
  });
  const targets = new Set(rows.flatMap(({ targetP99 }) => targetP99 ?? []));
  const guides = [...targets].map((y): Guide => ({ y, label: `p99 to reach: ${thousands(y)} ms`, colour: 2 }));
  return chartSvg({
    title: `${workload}: from an event to its committed result`,
    xLabel: 'events per second',
    ticks: rates.map(thousands),
    panels: [{ title: 'ms', lines, guides, format: thousands }],
  });
}
