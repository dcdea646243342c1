/** Values as people read them. */
import type { Cell, ColumnFacts } from '../wire.js';

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const DAY_MS = 86_400_000;

/** `–` for null; times in UTC. */
export function cellText(cell: Cell | undefined, kind: ColumnFacts['kind'] | 'flag'): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell !== 'number') return String(cell);
  if (kind === 'timestamp') return timeText(cell);
  if (kind === 'date') return timeText(cell * DAY_MS).slice(0, 'yyyy-mm-dd'.length);
  return NUMBER.format(cell);
}

/** As a file has it: no grouping of digits. */
export function plainText(cell: Cell | undefined, kind: ColumnFacts['kind'] | 'flag'): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'number' && kind === 'number' ? String(cell) : cellText(cell, kind);
}

/** `2026-01-31 12:00:05.123`; beyond the calendar the number itself. */
function timeText(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');
}

/** `12:00:05`, UTC. */
export function clockText(ms: number | null): string {
  return ms === null || Number.isNaN(new Date(ms).getTime()) ? '–' : new Date(ms).toISOString().slice(11, 19);
}

/** `12,345` */
export function count(n: number): string {
  return WHOLE.format(n);
}

/** `12,345`; below ten with one decimal. */
export function rate(perSecond: number): string {
  return (perSecond < 9.95 ? ONE : WHOLE).format(perSecond);
}

/** `80 ms`, `1.5 s`, `12 s`, `3m 20s`, `2h 5m`, `3d 4h`; `–` for what is not known. */
export function span(ms: number | null): string {
  if (ms === null) return '–';
  const sign = ms < 0 ? '-' : '';
  const size = Math.abs(ms);
  if (size < 999.5) return `${sign}${WHOLE.format(size)} ms`;
  if (size < 59_500) return `${sign}${(size < 9950 ? ONE : WHOLE).format(size / 1000)} s`;
  const seconds = Math.round(size / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours === 0) return `${sign}${minutes}m ${seconds % 60}s`;
  return hours < 48 ? `${sign}${hours}h ${minutes % 60}m` : `${sign}${count(Math.floor(hours / 24))}d ${hours % 24}h`;
}

/** `512 B`, `1.5 kB`: powers of ten. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, n < 999.5 ? 0 : Math.floor(Math.log10(n) / 3 + 1e-9));
  const value = n / 1000 ** unit;
  return `${(unit === 0 || value >= 99.95 ? WHOLE : ONE).format(value)} ${units[unit]}`;
}
