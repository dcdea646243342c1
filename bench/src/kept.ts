/** `bench/results.json` and what is made of it: the page and the pictures. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Comparison } from './comparisons.js';
import type { GrowthRow } from './growth/growth.js';
import type { LatencyRow } from './latency/latency.js';
import { pageOf, type Section } from './page.js';

/** Rows as they were last measured; what never was is empty. */
export interface Kept {
  /** Of a full run and of a short one, whose ratios differ: a JVM that has just started is slower. */
  readonly full: readonly Comparison[];
  readonly quick: readonly Comparison[];
  readonly latency: readonly LatencyRow[];
  readonly growth: readonly GrowthRow[];
}

const FOLDER = new URL('../', import.meta.url);
const RESULTS = fileURLToPath(new URL('RESULTS.md', FOLDER));
const ROWS = fileURLToPath(new URL('results.json', FOLDER));

/** @throws SyntaxError where the file is not JSON */
export function readKept(): Kept {
  const kept = existsSync(ROWS) ? (JSON.parse(readFileSync(ROWS, 'utf8')) as Partial<Kept>) : {};
  return { full: [], quick: [], latency: [], growth: [], ...kept };
}

export function writeKept(kept: Kept): void {
  writeFileSync(ROWS, `${JSON.stringify(kept, null, 2)}\n`);
}

/** Puts sections on the page in place of those of the same titles, or before the others. */
export function writePage(conditions: Readonly<Record<string, string>>, sections: readonly Section[]): void {
  writeFileSync(RESULTS, pageOf(conditions, sections, existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''));
}

/** @param pictures SVG by name of the file, beside the page */
export function writePictures(pictures: ReadonlyMap<string, string>): void {
  for (const [name, svg] of pictures) writeFileSync(new URL(name, FOLDER), svg);
}
