import type { ResetPlan } from '@rta/runtime';
import { bar, tableLines } from '../output/table.js';
import { count } from '../run/figures.js';

const HOW = {
  tombstones: 'a tombstone for every row that stands',
  deleted: 'all records up to now are deleted',
  both: 'a tombstone for every row that stands; records before them are deleted',
} as const;
const BAR_WIDTH = 10;

/** What a reset changes, for people. */
export function resetLines(plan: ResetPlan): string[] {
  const { pipeline, sources, internal, outputs, resumes, keepState } = plan;
  const replayed = sources.map(({ end, to }) => Math.max(0, end - to));
  const most = Math.max(0, ...replayed);
  const rows = sources.map(({ topic, partition, from, to, end }, i) => [
    topic,
    String(partition),
    from === null ? '–' : String(from),
    String(to),
    String(end),
    count(replayed[i] ?? 0),
    bar(replayed[i] ?? 0, most, BAR_WIDTH),
  ]);
  const columns = ['SOURCE', 'PARTITION', 'FROM', 'TO', 'END', 'TO READ', ''].map((title, i) =>
    i === 0 || i === 6 ? { title } : { title, align: 'right' as const },
  );
  return [
    `${pipeline}${resumes ? ': finishes a reset that was begun' : ''}`,
    ...tableLines(columns, rows).map((line) => `  ${line}`),
    keepState
      ? '  state, watermarks and output are kept: what is read twice counts twice'
      : `  state is deleted: ${internal.length === 0 ? 'there is none' : internal.map(({ topic, records }) => `${topic} (${count(records)})`).join(', ')}`,
    ...outputs.map(({ topic, how, partitions }) => {
      const records = partitions.reduce((sum, { low, high }) => sum + high - low, 0);
      return `  ${topic} (${count(records)}): ${HOW[how]}`;
    }),
    ...(keepState || outputs.length > 0 ? [] : ['  output is kept: the new run writes behind what is there']),
  ];
}
