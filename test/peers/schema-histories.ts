/** Made-up histories of a schema: each version is the one before with some edits, of the kinds that people make, good and bad. */
import { codecFor, type RegisteredSchema } from '@rta/registry';
import fc from 'fast-check';

export type AvroSchema = RegisteredSchema['schema'];
type Json = Record<string, any>;
/** A primitive's name, a named type as `{ ref }`, or Avro's own form of anything else. */
type Type = string | Json;

interface Field {
  name: string;
  type: Type;
  aliases?: string[];
  default?: unknown;
}

/** A record, enum or fixed. Its `ref` stays when its name changes. */
interface Named {
  kind: 'record' | 'enum' | 'fixed';
  name: string;
  namespace?: string;
  aliases?: string[];
  fields: Field[];
  symbols: string[];
  default?: string;
  size: number;
  logical?: { precision: number; scale: number };
}

/** Versions of one schema, oldest first; all are valid, and no two that follow each other have the same text. */
export function histories(versions: number): fc.Arbitrary<readonly AvroSchema[]> {
  return fc.nat(2 ** 31 - 1).map((seed) => new History(seed).versions(versions));
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
const SYMBOLS = ['A', 'B', 'C', 'D'];
const TIMES = [
  { type: 'long', logicalType: 'timestamp-millis' },
  { type: 'long', logicalType: 'timestamp-micros' },
  { type: 'int', logicalType: 'date' },
];

class History {
  #state: number;
  #types: Named[] = [];
  #names = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  versions(count: number): AvroSchema[] {
    let root: { readonly ref: number };
    do {
      this.#types = [];
      root = this.#define('record', 2);
      // A record that holds itself, in one of three.
      if (this.#below(3) === 0) this.#types[root.ref].fields.push({ name: 'self', type: ['null', root] });
    } while (!isValid(this.#render(root)));
    const versions: AvroSchema[] = [this.#render(root)];
    while (versions.length < count) {
      const before = structuredClone(this.#types);
      for (let edits = 1 + this.#below(2); edits > 0; edits--) this.#edit();
      const next = this.#render(root);
      if (JSON.stringify(next) !== JSON.stringify(versions.at(-1)) && isValid(next)) versions.push(next);
      else this.#types = before;
    }
    return versions;
  }

  #below(n: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }

  #of<T>(items: readonly T[]): T {
    return items[this.#below(items.length)];
  }

  #newType(kind: Named['kind'], depth: number): Named {
    const named: Named = { kind, name: `N${this.#names++}`, fields: [], symbols: SYMBOLS.slice(0, 1 + this.#below(3)), size: 8 };
    if (this.#below(2) === 0) named.namespace = 'a.b';
    if (kind === 'enum' && this.#below(3) === 0) named.default = named.symbols[0];
    if (kind === 'fixed' && this.#below(2) === 0) named.logical = { precision: 9, scale: 2 };
    if (kind === 'record') for (let left = 1 + this.#below(4); left > 0; left--) named.fields.push(this.#newField(depth));
    return named;
  }

  #newField(depth: number): Field {
    const field: Field = { name: `f${this.#names++}`, type: this.#newTypeOfField(depth) };
    if (this.#below(2) === 0) field.default = this.#defaultOf(field.type);
    return field;
  }

  #newTypeOfField(depth: number): Type {
    switch (this.#below(depth > 0 ? 12 : 7)) {
      case 0:
      case 1:
      case 2:
        return this.#of(PRIMITIVES);
      case 3:
        return { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 };
      case 4:
        return { ...this.#of(TIMES) };
      case 5:
        return this.#define('enum', depth);
      case 6:
        return this.#define('fixed', depth);
      case 7:
        return { type: 'array', items: this.#newTypeOfField(depth - 1) };
      case 8:
        return { type: 'map', values: this.#newTypeOfField(depth - 1) };
      case 9:
        return this.#define('record', depth - 1);
      default: {
        const branches: Type[] = ['null', this.#newTypeOfField(depth - 1)];
        if (this.#below(2) === 0) branches.push(this.#newTypeOfField(depth - 1));
        return this.#below(4) === 0 ? branches.reverse() : branches;
      }
    }
  }

  #define(kind: Named['kind'], depth: number): { readonly ref: number } {
    // A type that is there already, or a new one.
    const known = this.#types.flatMap((type, ref) => (type.kind === kind ? [ref] : []));
    if (known.length > 0 && this.#below(3) === 0) return { ref: this.#of(known) };
    this.#types.push(this.#newType(kind, depth));
    return { ref: this.#types.length - 1 };
  }

  /** JSON of a default (of the first branch of a union); undefined: there is none that is simple. */
  #defaultOf(type: Type): unknown {
    if (Array.isArray(type)) return type.length === 0 ? undefined : this.#defaultOf(type[0] as Type);
    const name = typeof type === 'string' ? type : (type.type as string | undefined);
    if (name === 'null') return null;
    if (name === 'boolean') return true;
    if (name === 'array') return [];
    if (name === 'map') return {};
    if (name === 'bytes' || name === 'string') return 'x';
    if (name !== undefined) return 1;
    const named = this.#types[(type as { ref: number }).ref];
    if (named.kind === 'enum') return named.symbols[0];
    return named.kind === 'fixed' ? 'x'.repeat(named.size) : undefined;
  }

  #edit(): void {
    const records = this.#types.filter(({ kind }) => kind === 'record');
    const record = this.#of(records);
    const field = record.fields.length === 0 ? undefined : this.#of(record.fields);
    const named = this.#of(this.#types);
    switch (this.#below(13)) {
      case 0:
      case 1:
        record.fields.splice(this.#below(record.fields.length + 1), 0, this.#newField(1));
        return;
      case 2:
        record.fields.splice(this.#below(record.fields.length), 1);
        return;
      case 3:
        if (field !== undefined) rename(field, `f${this.#names++}`, this.#below(2) === 0);
        return;
      case 4:
        if (field?.default === undefined) this.#giveDefault(field);
        else delete field.default;
        return;
      case 5:
        if (named.namespace === undefined) named.namespace = 'a.b';
        else named.namespace = 'c';
        return;
      case 6: {
        const full = named.namespace === undefined ? named.name : `${named.namespace}.${named.name}`;
        const alias = this.#of([undefined, full, named.name]);
        if (alias !== undefined) named.aliases = [alias];
        named.name = `N${this.#names++}`;
        return;
      }
      case 7:
      case 8:
        this.#editNamed(this.#of(this.#types.filter(({ kind }) => kind !== 'record').concat(named)));
        return;
      default:
        if (field !== undefined) {
          field.type = this.#changed(field.type);
          if (field.default !== undefined) this.#giveDefault(field);
        }
    }
  }

  #giveDefault(field: Field | undefined): void {
    if (field === undefined) return;
    field.default = this.#defaultOf(field.type);
    if (field.default === undefined) delete field.default;
  }

  #editNamed(named: Named): void {
    if (named.kind === 'fixed') {
      if (named.logical === undefined || this.#below(2) === 0) named.size += 1;
      else named.logical = this.#of([{ precision: 12, scale: 2 }, { precision: 9, scale: 3 }, undefined]);
    } else if (named.kind === 'enum') {
      switch (this.#below(4)) {
        case 0:
          if (named.default === undefined) named.default = named.symbols[0];
          else delete named.default;
          return;
        case 1:
          if (named.symbols.length > 1) named.symbols = named.symbols.slice(0, -1);
          if (named.default !== undefined) named.default = named.symbols[0];
          return;
        default:
          named.symbols = SYMBOLS.slice(0, Math.min(4, named.symbols.length + 1));
      }
    }
  }

  #changed(type: Type): Type {
    if (Array.isArray(type)) return this.#changedUnion(type as Type[]);
    if (this.#below(4) === 0) return this.#of([['null', type], [type, 'null'], [type], ['null', type, 'string']]);
    if (typeof type === 'string') {
      const wider: Record<string, string[]> = {
        int: ['long', 'float', 'double'],
        long: ['int', 'float', 'double'],
        float: ['double', 'long'],
        double: ['float'],
        string: ['bytes'],
        bytes: ['string'],
      };
      return this.#of(this.#below(4) === 0 ? PRIMITIVES : (wider[type] ?? PRIMITIVES));
    }
    if (type.type === 'array')
      return this.#below(4) === 0
        ? { type: 'map', values: type.items as Type }
        : { type: 'array', items: this.#changed(type.items as Type) };
    if (type.type === 'map')
      return this.#below(4) === 0
        ? { type: 'array', items: type.values as Type }
        : { type: 'map', values: this.#changed(type.values as Type) };
    if (type.logicalType === 'decimal') {
      const [precision, scale] = [Number(type.precision), Number(type.scale)];
      const decimals = [{ scale: scale + 1 }, { precision: precision + 2 }, { precision: precision - 2 }].map((edit) => ({
        ...type,
        ...edit,
      }));
      return this.#of<Type>([...decimals, 'bytes', 'string']);
    }
    if (type.logicalType !== undefined) return this.#of([...TIMES.map((time) => ({ ...time })), 'long', 'int']);
    return this.#newTypeOfField(1);
  }

  #changedUnion(branches: readonly Type[]): Type {
    const at = this.#below(branches.length);
    switch (this.#below(6)) {
      case 0:
        return [...branches, this.#newTypeOfField(0)];
      case 1:
        return branches.filter((_, i) => i !== at);
      case 2:
        return [...branches].reverse();
      case 3:
        return branches[at];
      default:
        return branches.map((branch, i) => (i === at ? this.#changed(branch) : branch));
    }
  }

  #render(root: Type): AvroSchema {
    const defined = new Set<number>();
    const render = (type: Type): unknown => {
      if (typeof type === 'string') return type;
      if (Array.isArray(type)) return (type as Type[]).map(render);
      if (type.type === 'array') return { type: 'array', items: render(type.items as Type) };
      if (type.type === 'map') return { type: 'map', values: render(type.values as Type) };
      return type.ref === undefined ? type : this.#renderNamed(type.ref as number, defined, render);
    };
    return render(root) as AvroSchema;
  }

  #renderNamed(ref: number, defined: Set<number>, render: (type: Type) => unknown): unknown {
    const { kind, name, namespace = '', aliases, fields, symbols, default: fallback, size, logical } = this.#types[ref];
    if (defined.has(ref)) return namespace === '' ? name : `${namespace}.${name}`;
    defined.add(ref);
    const head = { type: kind, name, namespace, ...(aliases === undefined ? {} : { aliases }) };
    if (kind === 'record') return { ...head, fields: fields.map((field) => ({ ...field, type: render(field.type) })) };
    if (kind === 'enum') return { ...head, symbols, ...(fallback === undefined ? {} : { default: fallback }) };
    return { ...head, size, ...(logical === undefined ? {} : { logicalType: 'decimal', ...logical }) };
  }
}

function rename(field: Field, name: string, alias: boolean): void {
  if (alias) field.aliases = [field.name];
  field.name = name;
}

/** Edits may go wrong: a union in a union, a default that its type no longer takes. */
function isValid(schema: AvroSchema): boolean {
  try {
    codecFor(schema);
    return true;
  } catch {
    return false;
  }
}
