import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Type } from '@rta/dsl';
import { commonType, definite, isNullable, nullable, sameType, showType } from '@rta/dsl';
import { anyType } from './arbitrary.js';

const T = (kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'date'): Type => ({ kind });
const decimal = (precision: number, scale: number): Type => ({ kind: 'decimal', precision, scale });
const kinds = (name: string, ...symbols: string[]): Type => ({ kind: 'enum', name, symbols });

describe('commonType', () => {
  it.each<[Type, Type, string | null]>([
    [T('int'), T('long'), 'long'],
    [T('int'), T('float'), 'double'],
    [T('long'), T('double'), 'double'],
    [T('float'), T('double'), 'double'],
    [T('int'), decimal(10, 2), 'decimal(12, 2)'],
    [T('long'), decimal(10, 2), 'decimal(21, 2)'],
    [T('double'), decimal(10, 2), null],
    [decimal(10, 2), decimal(10, 4), 'decimal(12, 4)'],
    [decimal(38, 0), decimal(38, 10), 'decimal(38, 10)'],
    [kinds('A', 'x'), T('string'), 'string'],
    [kinds('A', 'x'), kinds('B', 'x'), 'enum A'],
    [kinds('A', 'x'), kinds('B', 'y'), 'string'],
    [{ kind: 'timestamp', unit: 'millis' }, { kind: 'timestamp', unit: 'micros' }, 'timestamp'],
    [{ kind: 'timestamp', unit: 'millis' }, T('date'), null],
    [T('null'), T('int'), 'int?'],
    [nullable(T('int')), T('long'), 'long?'],
    [T('string'), T('int'), null],
    [{ kind: 'array', items: T('int') }, { kind: 'array', items: T('int') }, 'array<int>'],
    [{ kind: 'array', items: T('int') }, { kind: 'array', items: T('long') }, 'array<long>'],
    [{ kind: 'array', items: T('int') }, { kind: 'array', items: T('double') }, null],
    [{ kind: 'map', values: T('string') }, { kind: 'map', values: nullable(T('string')) }, 'map<string?>'],
  ])('%o and %o', (a, b, shown) => {
    const common = commonType(a, b);
    expect(common && showType(common)).toBe(shown);
    const turned = commonType(b, a);
    expect(turned && definite(turned).kind).toBe(common && definite(common).kind);
  });

  it('of a type with itself is the type', () => {
    fc.assert(fc.property(anyType, (type) => sameType(commonType(type, type)!, type)));
  });
});

describe('nullability', () => {
  it('is added and taken away', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(isNullable(nullable(type))).toBe(true);
        expect(sameType(nullable(nullable(type)), nullable(type))).toBe(true);
        if (type.kind !== 'null') expect(isNullable(definite(type))).toBe(false);
        expect(sameType(type, structuredClone(type))).toBe(true);
      }),
    );
  });
});

describe('showType', () => {
  it.each<[Type, string]>([
    [nullable(T('long')), 'long?'],
    [{ kind: 'array', items: nullable(T('string')) }, 'array<string?>'],
    [{ kind: 'map', values: T('int') }, 'map<int>'],
    [{ kind: 'record', name: 'com.acme.Address', fields: [] }, 'record Address'],
    [decimal(10, 2), 'decimal(10, 2)'],
  ])('%o is %s', (type, text) => {
    expect(showType(type)).toBe(text);
  });
});
