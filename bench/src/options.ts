/** What `pnpm bench` can be asked. */
import { parseArgs } from 'node:util';
import { AXES } from './growth/axes.js';
import { peers } from './peers/index.js';
import { workloads } from './workloads/index.js';

export const HELP = `pnpm bench [options]            throughput, CPU and memory of rta and its peers, workload by workload
pnpm bench latency [options]    from an event to its committed result, at 1,000, 20,000 and 100,000 events/s; rta and Kafka Streams
pnpm bench browser [options]    from an event to the board in a Chromium that shows it, at 100,000 events/s; rta alone
pnpm bench growth [options]     rta alone with more keys, partitions, open windows and pipelines

  --quick       500,000 records, one run of rta and of the engines with figures to reach, within three minutes (of which fetching
                jars, the first time, is not part); fails where a ratio fell by more than 30 % against the one in bench/results.json.
                latency: rta alone, some seconds a rate; browser: 8 s
  --records N   records of each workload's input (default 5,000,000; the largest has 4.8 times as many), or of each run of growth
                (default 30,000,000; keys: two thirds, windows: a fifth, pipelines: twice); not with latency
  --runs N      runs of each engine, of which the median counts (default 5; the largest workload 3; growth 3); not with latency
  --only NAME   only this workload, only this engine beside rta, or of growth only keys, partitions, windows or pipelines; may be repeated
  --rate N      of browser: events a second (default 100,000)
  --seconds N   of browser: for so long, after 10 s of warming up (default 60)
  --json        one JSON object a line: the version and the machine, then a row per comparison (workload, peer, ratio, target, ...),
                per latency or per value of what grows

Writes bench/RESULTS.md, bench/results.json and pictures beside them, except with --quick, --records, --runs, --rate or --seconds. A full run of the
workloads ends with a short one, whose ratios are what --quick goes by.
`;

export interface BenchOptions {
  readonly command: 'compare' | 'latency' | 'growth' | 'browser';
  readonly quick: boolean;
  readonly records: number;
  readonly runs: number;
  /** Of browser: events a second, and for how long. */
  readonly rate: number;
  readonly seconds: number;
  readonly json: boolean;
  /** Only a full run is worth keeping. */
  readonly write: boolean;
  readonly only: readonly string[];
}

const DEFAULTS = {
  compare: { records: 5_000_000, runs: 5 },
  latency: { records: 0, runs: 1 },
  growth: { records: 30_000_000, runs: 3 },
  browser: { records: 0, runs: 1 },
} as const;

const BROWSER = { rate: 100_000, seconds: 60, quickSeconds: 8 };

/**
 * Null where help was asked for.
 * @throws Error where an option or a name is not known, or options contradict each other
 */
export function optionsOf(args: readonly string[]): BenchOptions | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      records: { type: 'string' },
      runs: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const command = commandOf(positionals);
  const { quick, records, runs, rate, seconds, json, only } = values;
  const measuresLess = records !== undefined || runs !== undefined;
  if (quick && (measuresLess || only.length > 0)) throw new Error('--quick measures the same every time: it goes with --json only');
  if (quick && command === 'growth') throw new Error('growth has no --quick: give it --records and --runs');
  if (command === 'latency' && (measuresLess || only.length > 0)) throw new Error('latency goes with --quick and --json only');
  if (command === 'browser' && (measuresLess || only.length > 0))
    throw new Error('browser goes with --quick, --rate, --seconds and --json only');
  const ofBrowser = rate !== undefined || seconds !== undefined;
  if (ofBrowser && command !== 'browser') throw new Error('--rate and --seconds are of browser');
  const names = (command === 'growth' ? AXES : [...workloads, ...peers]).map(({ name }) => name);
  for (const name of only) if (!names.some((known) => known === name)) throw new Error(`--only takes ${names.join(', ')}; not ${name}`);
  return {
    command,
    quick,
    records: countOf('--records', records) ?? DEFAULTS[command].records,
    runs: countOf('--runs', runs) ?? DEFAULTS[command].runs,
    rate: countOf('--rate', rate) ?? BROWSER.rate,
    seconds: countOf('--seconds', seconds) ?? (quick ? BROWSER.quickSeconds : BROWSER.seconds),
    json,
    write: !quick && !measuresLess && !ofBrowser,
    only,
  };
}

function commandOf([command = 'compare', ...more]: readonly string[]): BenchOptions['command'] {
  if ((command === 'compare' || command === 'latency' || command === 'growth' || command === 'browser') && more.length === 0)
    return command;
  throw new Error(`pnpm bench takes latency, growth, browser or nothing, not ${[command, ...more].join(' ')}`);
}

function countOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text.replaceAll(/[,_]/g, ''));
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${option} takes a whole number from 1 on, not ${text}`);
  return count;
}
