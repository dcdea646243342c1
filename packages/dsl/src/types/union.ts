/**
 * Unions of types that have none in common, as columns: a record with a field per branch, null but for the one that is there. Branches are
 * called by their type (`int`, `timestamp`), records and enums by their name: `payload.Order.total`.
 */
import { definite, nullable } from './lattice.js';
import type { Field, Type, Value } from './type.js';

/** A record whose Avro is a union of what its fields hold. */
export type UnionType = Extract<Type, { kind: 'record' }> & { readonly union: true };

/** What a branch of a union holds, for codecs that know unions and no types: the branch's number, `null` not counted. */
export class BranchValue {
  constructor(
    readonly branch: number,
    readonly value: Value,
  ) {}
}

/** Whether the type is a union as a record; not of a nullable one. */
export function isUnion(type: Type): type is UnionType {
  return type.kind === 'record' && type.union === true;
}

/** The type of a union of these, none of them null; null where two of them would have the same Avro type. */
export function unionOf(types: readonly Type[]): UnionType | null {
  const avro = types.map(({ kind }, i) =>
    kind === 'decimal'
      ? 'bytes'
      : kind === 'timestamp'
        ? 'long'
        : kind === 'date'
          ? 'int'
          : kind === 'enum' || kind === 'record'
            ? i
            : kind,
  );
  if (new Set(avro).size < avro.length || types.some((type) => isUnion(definite(type)))) return null;
  const short = types.map(shortName);
  const names = types.map((type, i) =>
    short.indexOf(short[i]) === short.lastIndexOf(short[i]) ? short[i] : 'name' in type ? type.name.replaceAll('.', '_') : type.kind,
  );
  if (new Set(names).size < names.length) return null;
  return { kind: 'record', union: true, name: 'union', fields: types.map((type, i): Field => ({ name: names[i], type: nullable(type) })) };
}

/** The value of a union whose branch number `branch` holds `value`. */
export function unionValue(type: UnionType, branch: number, value: Value): Value {
  const record: Record<string, Value> = {};
  for (const [i, { name }] of type.fields.entries()) record[name] = i === branch ? value : null;
  return record;
}

/** Which branch a value of a union holds. */
export function branchOf(type: UnionType, value: Value): { readonly branch: number; readonly value: Value; readonly type: Type } {
  const record = value as { readonly [branch: string]: Value };
  const branch = type.fields.findIndex(({ name }) => record[name] !== null);
  const { name, type: of } = type.fields[branch];
  return { branch, value: record[name], type: definite(of) };
}

function shortName(type: Type): string {
  return 'name' in type ? type.name.slice(type.name.lastIndexOf('.') + 1) : type.kind;
}
