/** Numbers as people read them, in few columns. */

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SMALL = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** `12,345` */
export function count(n: number): string {
  return WHOLE.format(n);
}

/** `12,345`; below ten with one decimal: `0.3` */
export function rate(perSecond: number): string {
  return (perSecond < 9.95 ? SMALL : WHOLE).format(perSecond);
}

/** `512 B`, `1.5 kB`, `3.2 MB`: powers of ten */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${(unit === 0 || value >= 99.95 ? WHOLE : SMALL).format(value)} ${units[unit] ?? ''}`;
}

/** `80 ms`, `1.5 s`, `12 s`, `3m 20s`, `2h 5m`; `–` for what is not known yet */
export function span(ms: number | null): string {
  if (ms === null) return '–';
  const sign = ms < 0 ? '-' : '';
  const size = Math.abs(ms);
  if (size < 999.5) return `${sign}${WHOLE.format(size)} ms`;
  if (size < 59_500) return `${sign}${(size < 9950 ? SMALL : WHOLE).format(size / 1000)} s`;
  const seconds = Math.round(size / 1000);
  if (seconds < 3600) return `${sign}${WHOLE.format(Math.floor(seconds / 60))}m ${WHOLE.format(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  return `${sign}${WHOLE.format(Math.floor(minutes / 60))}h ${WHOLE.format(minutes % 60)}m`;
}
