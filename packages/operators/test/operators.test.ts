import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { compile, exampleCase, renderAll, showPlan, type CompileResult } from '@rta/dsl';
import { aggregates, operators } from '../src/index.js';

function compileExample(text: string, schema: ReturnType<typeof exampleCase>['schema']): CompileResult {
  return compile({
    file: { path: 'example.yaml', text },
    project: null,
    loadSchema: (name) => (name === 'example' ? { schema } : null),
    schemaNames: () => ['example'],
    operators,
    aggregates,
    env: {},
  });
}

describe.each(operators.map((spec) => [spec.verb, spec] as const))('operator %s', (_, spec) => {
  it('has an example that compiles, with a test in it', () => {
    const { text, schema } = exampleCase(spec);
    const { plan, diagnostics } = compileExample(text, schema);
    expect(renderAll(diagnostics)).toBe('');
    expect(plan!.steps.some((step) => step.verb === spec.verb)).toBe(true);
    expect(plan!.tests[0].given[0].records.length).toBeGreaterThan(0);
    expect(plan!.tests[0].expect[0].rows.length).toBeGreaterThan(0);
  });

  it('has a config schema, a summary and prose', () => {
    expect(() => new Ajv({ strict: false }).compile(spec.configSchema)).not.toThrow();
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
    expect(spec.doc.trim().length).toBeGreaterThan(80);
  });
});

describe.each(aggregates.map((spec) => [spec.name, spec] as const))('aggregate %s', (name, spec) => {
  it('has an example that compiles', () => {
    const text = `pipeline: p\nsource: { topic: in, schema: example }\nsteps:\n  - aggregate:\n      x: '${spec.example}'\nsink: { topic: out }\n`;
    const fields = Object.entries(spec.sample.columns).map(([column, type]) => ({ name: column, type }));
    const schema = { type: 'record', name: 'Example', fields };
    const { plan, diagnostics } = compileExample(text, schema);
    expect(renderAll(diagnostics)).toBe('');
    expect(spec.example).toContain(`${name}(`);
    expect(plan!.steps[0].output.columns).toHaveLength(1);
  });
});

describe('types of aggregates', () => {
  /** The type of an aggregate over columns of every type. */
  function check(aggregate: string, expected: string): void {
    const fields = [
      { name: 'i', type: 'int' },
      { name: 'l', type: 'long' },
      { name: 'f', type: 'float' },
      { name: 'd', type: 'double' },
      { name: 's', type: 'string' },
      { name: 'm', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
      { name: 'n', type: ['null', 'int'] },
      { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ];
    const text = `pipeline: p\nsource: { topic: in, schema: example }\nsteps:\n  - aggregate:\n      x: ${aggregate}\nsink: { topic: out }\n`;
    const { plan, diagnostics } = compileExample(text, { type: 'record', name: 'Example', fields });
    expect(plan === null ? renderAll(diagnostics) : showPlan(plan)).toContain(`(x: ${expected})`);
  }

  it.each([
    ['count()', 'long'],
    ['count(n)', 'long'],
    ['count() where i > 1', 'long'],
    ['sum(i)', 'long'],
    ['sum(l)', 'long'],
    ['sum(n)', 'long'],
    ['sum(f)', 'double'],
    ['sum(d)', 'double'],
    ['sum(m)', 'decimal(38, 2)'],
    ['avg(i)', 'double'],
    ['avg(n)', 'double?'],
    ['avg(i) where l > 1', 'double?'],
    ['avg(m)', 'double'],
    ['min(s)', 'string'],
    ['max(t)', 'timestamp'],
    ['max(n)', 'int?'],
    ['min(m) where i > 1', 'decimal(10, 2)?'],
    ['max(i) - min(i)', 'long'],
    ['sum(i) / count()', 'double?'],
    ['round(avg(i), 2)', 'double'],
    ['count(distinct s)', 'long'],
    ['count(distinct n) where i > 1', 'long'],
    ['approxDistinct(n)', 'long'],
    ['first(s)', 'string'],
    ['last(n)', 'int?'],
    ['last(s) where i > 1', 'string?'],
    ['argMax(s, d)', 'string'],
    ['argMin(s, n)', 'string?'],
    ['variance(i)', 'double?'],
    ['stddev(n)', 'double?'],
    ['median(m)', 'double'],
    ['percentile(n, 0.99)', 'double?'],
    ['percentile(f, 0) where i > 1', 'double?'],
    ['collect(n, 5)', 'array<int>'],
    ['topK(d, 3) where i > 1', 'array<double>'],
    ['topK(s, 3, n)', 'array<string>'],
    ['funnel(i > 1, n > 2, s == "x")', 'int'],
    ['if(funnel(i > 1, i > 2) == 2, last(s), first(s))', 'string'],
    ['max(d) / median(d) ?? 0', 'double'],
    ['collect(s, 3)[0]', 'string?'],
    ['length(topK(i, 2))', 'int'],
  ])('%s is %s', check);

  it('share states: a deviation is the root of a variance, a median a percentile, `topK` of a value ranks by itself', () => {
    const text =
      'pipeline: p\nsource: { topic: in, schema: example }\nsteps:\n  - aggregate:\n      a: variance(i)\n      b: stddev(i)\n      c: median(i)\n      d: percentile(i, 0.5)\n      e: topK(i, 2)\n      f: topK(i, 2, i)\nsink: { topic: out }\n';
    const { plan } = compileExample(text, { type: 'record', name: 'Example', fields: [{ name: 'i', type: 'int' }] });
    const [fold] = plan!.steps[0].transforms;
    expect(fold.type === 'fold' && fold.accumulators.map((accumulator) => accumulator.fn)).toEqual(['variance', 'percentile', 'topK']);
  });

  it('keeps equal accumulators once', () => {
    const text =
      'pipeline: p\nsource: { topic: in, schema: example }\nsteps:\n  - aggregate: { a: avg(i), b: sum(i), c: count() }\nsink: { topic: out }\n';
    const { plan } = compileExample(text, { type: 'record', name: 'Example', fields: [{ name: 'i', type: 'int' }] });
    const [fold] = plan!.steps[0].transforms;
    expect(fold.type === 'fold' && fold.accumulators.map((accumulator) => accumulator.fn)).toEqual(['sum', 'count']);
  });
});
