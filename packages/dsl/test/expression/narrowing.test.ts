import { describe, expect, it } from 'vitest';
import { narrow, narrowColumns, narrowedBy, narrowedByFalse, showType } from '@rta/dsl';
import { COLUMNS, condition, SCOPE, typeOf } from './helpers.js';

describe('what a true condition proves', () => {
  it.each([
    ['ni != null', 'ni'],
    ['null != ni', 'ni'],
    ['nr.city != null', 'nr.city nr'],
    ['ni != null and nl != null', 'ni nl'],
    ['ni != null or nl != null', ''],
    ['ni != null and b or ni == 5', 'ni'],
    ['not (ni == null)', 'ni'],
    ['not (ni == null or nl == null)', 'ni nl'],
    ['ni == 5', 'ni'],
    ['ni == nl', ''],
    ['ni == l', 'ni'],
    ['ni != 5', ''],
    ['ni == null', ''],
    ['ni in [1, 2]', 'ni'],
    ['ni in [1, null]', ''],
    ['ni not in [1]', ''],
    ['ni not in [1, null]', 'ni'],
    ['ni > 3 ?? false', 'ni'],
    ['ni > nl + 1 ?? false', 'ni nl'],
    ['ni > 3 ?? true', ''],
    ['contains(lower(ns), "x") ?? false', 'ns'],
    ['lower(ns) == "x"', 'ns'],
    ['if(nb, ni, 0) == 5', ''],
    ['a[ni] == "x"', 'a ni'],
    ['nb ?? false', 'nb'],
    ['b', 'b'],
    ['(ni ?? 0) > 3', ''],
  ])('%s: %s', (text, paths) => {
    expect([...narrowedBy(condition(text))].sort()).toEqual(paths.split(' ').filter(Boolean).sort());
  });

  it.each([
    ['ni == null', 'ni'],
    ['ni == null or nl == null', 'ni nl'],
    ['ni == null and nl == null', ''],
    ['ni != 5', 'ni'],
    ['ni > 3 ?? true', 'ni'],
  ])('false %s: %s', (text, paths) => {
    expect([...narrowedByFalse(condition(text))].sort()).toEqual(paths.split(' ').filter(Boolean));
  });
});

describe('narrowing', () => {
  it('of types in what follows', () => {
    const scope = narrow(SCOPE, narrowedBy(condition('nr.city != null and ni > 3 ?? false')));
    expect(typeOf('nr.city', scope).type).toBe('string');
    expect(typeOf('nr.zip', scope).type).toBe('int');
    expect(typeOf('ni + 1', scope).type).toBe('long');
    expect(typeOf('nl', scope).type).toBe('long?');
  });

  it('within an expression', () => {
    expect(typeOf('ni != null and ni > 3')).toEqual({ type: 'boolean', problems: [] });
    expect(typeOf('ni == null or ni > 3')).toEqual({ type: 'boolean', problems: [] });
    expect(typeOf('if(ni != null, ni, 0)')).toEqual({ type: 'int', problems: [] });
    expect(typeOf('if(ni == null, 0, ni > 3, ni, 1)')).toEqual({ type: 'int', problems: [] });
    expect(typeOf('if(ns == null, 0, length(ns))')).toEqual({ type: 'int', problems: [] });
  });

  it('does not follow from a left side that may be null: the right one is looked at then too', () => {
    expect(typeOf('ni > 3 and ni < 5').type).toBe('boolean?');
    expect(typeOf('ni > 3 or ni + 1 < 5').type).toBe('boolean?');
    expect(typeOf('if(ni > 3, 0, ni)').type).toBe('int?');
  });

  it('of columns, nested fields too', () => {
    const columns = narrowColumns(COLUMNS, new Set(['ni', 'nr', 'nr.city']));
    const find = (name: string) => columns.find((column) => column.name === name)!.type;
    expect(showType(find('ni'))).toBe('int');
    expect(showType(find('nl'))).toBe('long?');
    const record = find('nr');
    expect(record.kind === 'record' && record.fields.map(({ type }) => showType(type))).toEqual(['string', 'int']);
    expect(narrowColumns(COLUMNS, new Set())).toEqual(COLUMNS);
  });
});
