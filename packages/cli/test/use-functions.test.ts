/** Functions of `use`: what `rta check` says of their modules, and the types that `rta explain` writes for them. */
import { describe, expect, it } from 'vitest';
import { rta } from './support/cli.js';
import { testProject } from './support/test-project.js';

const pipeline = (ref: string): string => `pipeline: used
source: { topic: in, schema: event, time: at }
steps:
  - use:
      function: ${ref}
      adds: { rating: double, label: string?, at_least: timestamp? }
sink: { topic: out }
`;
const FUNCTIONS = `
export const rate = ({ score }) => ({ rating: score / 2 });
export const both = (row, more) => ({ rating: row.score + more });
export async function later() { return {}; }
`;

describe('rta check', () => {
  it('takes functions that are there', async () => {
    const { directory } = testProject({ 'pipelines/a.yaml': pipeline('../f.mjs#rate'), 'f.mjs': FUNCTIONS });
    expect(await rta(['check'], { cwd: directory })).toMatchObject({ code: 0, stdout: '✓ pipelines/a.yaml (used)\n', stderr: '' });
  });

  it.each([
    ['../nowhere.mjs#rate', 'error RTA3801: the module of `../nowhere.mjs#rate` cannot be loaded'],
    ['../f.mjs#rates', 'error RTA3802: the module of `../f.mjs#rates` does not export a function `rates`'],
    ['../f.mjs#both', 'error RTA3803: `../f.mjs#both` takes 2 arguments, and is called with one: the row'],
    ['../f.mjs#later', 'error RTA3804: `../f.mjs#later` is asynchronous'],
  ])('%s is an error at its place', async (ref, message) => {
    const { directory } = testProject({ 'pipelines/a.yaml': pipeline(ref), 'f.mjs': FUNCTIONS });
    const { code, stdout, stderr } = await rta(['check'], { cwd: directory });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '✗ pipelines/a.yaml\n' });
    expect(stderr).toContain(`pipelines/a.yaml:5:17: ${message}`);
  });
});

it('rta explain --stage functions writes the types of the row and of what is added', async () => {
  const { directory } = testProject({ 'pipelines/a.yaml': pipeline('../f.mjs#rate'), 'f.mjs': FUNCTIONS });
  const { stdout } = await rta(['explain', '--stage', 'functions'], { cwd: directory });
  expect(stdout).toBe(`/** A row that ../f.mjs#rate is given. */
export interface RateRow {
  /** string */
  readonly user: string;
  /** int */
  readonly score: number;
  /** timestamp */
  readonly at: number;
}

/** What it adds to the row. */
export interface RateResult {
  /** double */
  readonly rating: number;
  /** string? */
  readonly label?: string | null;
  /** timestamp? */
  readonly at_least?: number | Date | null;
}

export type Rate = (row: RateRow) => RateResult;
`);
});
