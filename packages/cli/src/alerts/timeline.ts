/** Incidents as lines for people, one per trigger and resolve. */
import { type Row, showDuration } from '@rta/dsl';
import { tableLines } from '../output/table.js';

const COLUMNS = [{ title: 'AT' }, { title: '' }, { title: 'ALERT' }, { title: 'KEY' }, { title: 'WHAT' }];

/** @param found transitions, by time */
export function timelineLines(found: readonly Row[], colour: boolean): string[] {
  if (found.length === 0) return [];
  const rows = found.map((row) => [
    new Date(Number(row.at)).toISOString().replace('.000Z', 'Z'),
    row.action === 'trigger' ? '▲' : '▼',
    row.alert as string,
    keyText(row.key as string),
    whatOf(row),
  ]);
  const [title = '', ...lines] = tableLines(COLUMNS, rows);
  const paint = (text: string, code: number): string => (colour ? `\u001B[${String(code)}m${text}\u001B[0m` : text);
  return [paint(title, 2), ...lines.map((line, i) => paint(line, found[i]?.action === 'trigger' ? 31 : 32))];
}

/** The columns of a key, which is JSON: `city brno`. */
export function keyText(text: string): string {
  return Object.entries(JSON.parse(text) as Readonly<Record<string, unknown>>)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function whatOf({ action, reason, since, opened_at: opened, at, row }: Row): string {
  if (action === 'resolve') return `resolved after ${showDuration(Number(at) - Number(opened))}`;
  if (reason === 'noData') return `no data for ${showDuration(Number(at) - Number(since))}`;
  const held = Number(at) - Number(since);
  return `triggered${held > 0 ? `, so for ${showDuration(held)}` : ''}: ${row as string}`;
}
