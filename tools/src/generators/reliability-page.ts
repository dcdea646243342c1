import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceBetweenMarks } from '../generate-files.js';
import { keptFigure } from '../reliability/report.js';
import { RELIABILITY_ROWS, type ReliabilityRow, type ReliabilityRowId } from '../reliability/rows.js';
import { code, table } from './markdown.js';

const PAGE = join(import.meta.dirname, '../../../docs/reliability.md');

/** The page as it is, with the figures that are kept. */
export async function reliabilityPage(): Promise<string> {
  const rows = (Object.entries(RELIABILITY_ROWS) as [ReliabilityRowId, ReliabilityRow][]).map(([id, { topic, promise, test }]) => {
    const kept = keptFigure(id);
    const figure = kept === null ? 'none kept' : `${kept.figure} (${kept.form} form, ${kept.date}, ${kept.machine})`;
    return [topic, promise, figure, code(test)];
  });
  return replaceBetweenMarks(await readFile(PAGE, 'utf8'), 'figures', table(['Topic', 'Promise', 'Figure', 'Test'], rows));
}
