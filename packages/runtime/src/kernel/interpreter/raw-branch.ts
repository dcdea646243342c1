/** Values of unions for avsc, which wraps them where it could not tell the branch by the value alone. */
import avsc from 'avsc';
import type { Raw } from './avro-codec.js';

/** A value of a union: branch number `branch`, null not counted. */
export class RawBranch {
  constructor(
    readonly branch: number,
    readonly value: Raw,
  ) {}
}

/** `raw` as avsc wants it. */
export function withBranches(type: avsc.Type, raw: Raw): Raw {
  if (raw === null || typeof raw !== 'object' || Buffer.isBuffer(raw)) return raw;
  if (type instanceof avsc.types.WrappedUnionType || type instanceof avsc.types.UnwrappedUnionType) {
    const others = type.types.filter(({ typeName }) => typeName !== 'null');
    if (!(raw instanceof RawBranch)) return others.length === 1 ? withBranches(others[0], raw) : raw;
    const branch = others[raw.branch];
    const value = withBranches(branch, raw.value);
    return type instanceof avsc.types.WrappedUnionType ? { [branch.branchName!]: value } : value;
  }
  if (type instanceof avsc.types.ArrayType) {
    const { itemsType } = type;
    return (raw as Raw[]).map((item): Raw => withBranches(itemsType, item));
  }
  if (type instanceof avsc.types.MapType) return mapValues(raw as Record<string, Raw>, () => type.valuesType as avsc.Type);
  if (!(type instanceof avsc.types.RecordType)) return raw;
  const types = new Map(type.fields.map((field) => [field.name, field.type]));
  return mapValues(raw as Record<string, Raw>, (name) => types.get(name));
}

function mapValues(raw: { readonly [name: string]: Raw }, typeOf: (name: string) => avsc.Type | undefined): Raw {
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => {
      const type = typeOf(name);
      return [name, type === undefined ? value : withBranches(type, value)];
    }),
  );
}
