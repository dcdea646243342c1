/** What grows, one thing at a time, and the pipelines that are measured with it. */

export type AxisName = 'keys' | 'partitions' | 'windows' | 'pipelines' | 'threads';

export interface Axis {
  readonly name: AxisName;
  /** Along the picture. */
  readonly label: string;
  /** One sentence for the page. */
  readonly description: string;
  readonly values: readonly number[];
  readonly lines: readonly GrowthLine[];
  /** Records of a run, over those that are asked for. */
  readonly share: number;
  /** The process is not held to one core. */
  readonly allCores?: boolean;
}

export interface GrowthLine {
  readonly name: string;
  /** Values up to which no more than 20 % of the first one's throughput may be lost; null: nothing is set. */
  readonly flatTo: number | null;
  /** Records of a run, over those of the axis; default: 1. */
  readonly share?: number;
}

/** Keys that are touched again and again, so that as many are dirty at each commit however many there are. */
export const HOT_KEYS = 10_000;
export const FEW_KEYS = 4000;
/** With a hundred windows open each. */
export const WINDOW_KEYS = 400;
const WINDOW_SECONDS = 10;

// As many as it takes some seconds to read; records of any key take longer each.
const KEYS_HOT: GrowthLine = { name: '10,000 of them hot', flatTo: 1_000_000, share: 2 };
const KEYS_ALL: GrowthLine = { name: 'any of them', flatTo: null, share: 0.5 };
const UPDATES: GrowthLine = { name: 'updates', flatTo: null };
const FINAL: GrowthLine = { name: 'final', flatTo: null };

export const AXES: readonly Axis[] = [
  {
    name: 'keys',
    label: 'keys in the state',
    description: `sum(score) by user of a state that was filled before (each key once, not counted): records of ${HOT_KEYS.toLocaleString('en-US')} of the keys, so that
as many are dirty at each commit, and records of any. At 20 million the state is larger than its memory (1 GiB)`,
    values: [10_000, 1_000_000, 20_000_000],
    lines: [KEYS_HOT, KEYS_ALL],
    share: 2 / 3,
  },
  {
    name: 'partitions',
    label: 'partitions',
    description: 'sum(score) by user, 4,000 users, of a topic of so many partitions',
    values: [1, 4, 16, 64],
    lines: [{ name: 'sum', flatTo: 64 }],
    share: 1,
  },
  {
    name: 'windows',
    label: 'windows open per key',
    description: `sum(score) by user, ${WINDOW_KEYS} users, in hopping windows every ${WINDOW_SECONDS} s of which a record is in so many: every changed one emitted, and each once when
it has closed`,
    values: [1, 10, 100],
    lines: [UPDATES, FINAL],
    share: 0.2,
  },
  {
    name: 'pipelines',
    label: 'pipelines in a process',
    description:
      'so many pipelines, each with its own sums by user and its own topics, that all read the same topic; records are counted once for each',
    values: [1, 5, 20, 50],
    lines: [{ name: 'sum', flatTo: 50 }],
    share: 2,
  },
  {
    name: 'threads',
    label: 'worker threads',
    description:
      'sum(score) by user, 4,000 users, of a topic of eight partitions, by so many threads of one process (`--workers`), which has all cores of the machine, as the broker has',
    values: [1, 2, 4],
    lines: [{ name: 'sum', flatTo: null }],
    share: 1,
    allCores: true,
  },
];

/** Whether records are of any key, not of the hot ones. */
export function isOfAny(line: GrowthLine): boolean {
  return line === KEYS_ALL;
}

export const SUM_STEPS = `steps:
  - groupBy: user_id
    aggregate: { total_score: sum(score) }
`;

/** @param open windows that a record is in */
export function windowSteps(open: number, line: GrowthLine): string {
  const size = `${open * WINDOW_SECONDS}s`;
  const window = open === 1 ? `tumbling: ${size}` : `hopping: ${size}, every: ${WINDOW_SECONDS}s`;
  return `steps:
  - groupBy: user_id
    window: { ${window} }
    aggregate: { total_score: sum(score) }
${line === FINAL ? '    emit: final\n' : ''}`;
}
