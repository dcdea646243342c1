/** `use` over random rows: kernel, interpreter and a plain application of the function agree, over streams and tables. */
import type { Plan, Row } from '@rta/dsl';
import { describe, it } from 'vitest';
import { implementations } from './implementations.js';
import { SEED } from './settings.js';
import { expectLaw } from './yaml-law.js';

/** Fails for some rows, gives null for others. */
function rate({ user, n }: Row): { readonly rating: number; readonly label: string | undefined } {
  if (n === 3) throw new Error('three');
  return { rating: Number(n) / 2, label: Number(n) > 1 ? `${user as string}!` : undefined };
}

/** The plan with the function in the place of each that its steps name. */
function loaded(plan: Plan): Plan {
  const steps = plan.steps.map((step) => ({
    ...step,
    transforms: step.transforms.map((transform) => {
      if (transform.type !== 'project') return transform;
      const columns = transform.columns.map(({ name, expr }) =>
        expr.kind === 'call' && expr.external !== undefined
          ? { name, expr: { ...expr, external: { ...expr.external, call: rate } } }
          : { name, expr },
      );
      return { ...transform, columns };
    }),
  }));
  return { ...plan, steps };
}

const USE = `
- use: { function: ./f.ts#rate, adds: { rating: double, label: string? } }`;

describe.each(implementations)(`%s (seed ${SEED})`, (...implementation) => {
  it('of a stream, counted in windows', () => {
    expectLaw(
      `
- derive: { n: points }${USE}
- groupBy: user
  window: { tumbling: 10ms }
  aggregate: { n: count(), total: sum(rating), labels: count(label) }
  emit: final`,
      implementation,
      loaded,
    );
  });

  it('of a table, whose rows are taken back', () => {
    expectLaw(
      `
- groupBy: user
  aggregate: { n: count() }${USE}
- groupBy: rating
  aggregate: { users: count(), labels: max(label) }`,
      implementation,
      loaded,
    );
  });
});
