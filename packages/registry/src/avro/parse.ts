import { didYouMean, type AvroSchema } from '@rta/dsl';
import { RegistryError } from '../registry.js';
import { defaultProblem } from './default-value.js';
import {
  PLAIN_LOGICAL,
  unqualified,
  type AvroNode,
  type EnumNode,
  type FieldNode,
  type FixedNode,
  type Logical,
  type PlainLogical,
  type PrimitiveKind,
  type RecordNode,
} from './node.js';

type Json = Readonly<Record<string, unknown>>;

const PRIMITIVES: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ORDERS: ReadonlySet<unknown> = new Set(['ascending', 'descending', 'ignore']);
/** Deeper than any schema of use; bounds the recursion. */
const MAX_NESTING = 200;

/**
 * Checks a schema (parsed JSON) by the specification of Avro 1.12 and resolves its names. Unknown attributes and logical types are ignored, as
 * Avro says. Throws RegistryError `invalid_schema` that names the place.
 */
export function parseSchema(schema: AvroSchema): AvroNode {
  return new Parser().schema(schema, '', '');
}

class Parser {
  readonly #named = new Map<string, AvroNode>();
  readonly #defaults: (() => void)[] = [];
  #nesting = 0;

  /** @param at the field path, for messages */
  schema(json: unknown, namespace: string, at: string): AvroNode {
    if (++this.#nesting > MAX_NESTING) throw invalid(at, `is nested deeper than ${MAX_NESTING} levels`);
    const node = this.#any(json, namespace, at);
    // A default can only be judged when what it is of is complete: a record may still be open.
    if (--this.#nesting === 0) for (const check of this.#defaults.splice(0)) check();
    return node;
  }

  #any(json: unknown, namespace: string, at: string): AvroNode {
    if (typeof json === 'string')
      return PRIMITIVES.has(json) ? { kind: json as PrimitiveKind, logical: null } : this.#reference(json, namespace, at);
    if (Array.isArray(json)) return this.#union(json, namespace, at);
    if (!isObject(json)) throw invalid(at, `is ${JSON.stringify(json)}, not a schema`);
    const { type } = json;
    if (typeof type !== 'string') {
      if (Array.isArray(type) || isObject(type)) return this.schema(type, namespace, at);
      throw invalid(at, 'has no `type`');
    }
    if (PRIMITIVES.has(type)) return { kind: type as PrimitiveKind, logical: logicalOf(json, type, Infinity) };
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(json, namespace, at);
      case 'enum':
        return this.#enum(json, namespace, at);
      case 'fixed':
        return this.#fixed(json, namespace, at);
      case 'array':
        if (json.items === undefined) throw invalid(at, 'is an array without `items`');
        return { kind: 'array', items: this.schema(json.items, namespace, `${at}[]`) };
      case 'map':
        if (json.values === undefined) throw invalid(at, 'is a map without `values`');
        return { kind: 'map', values: this.schema(json.values, namespace, `${at}{}`) };
      default:
        return this.#reference(type, namespace, at);
    }
  }

  #union(json: readonly unknown[], namespace: string, at: string): AvroNode {
    const branches = json.map((branch) => this.schema(branch, namespace, at));
    const seen = new Set<string>();
    for (const branch of branches) {
      if (branch.kind === 'union') throw invalid(at, 'is a union within a union');
      const name = 'fullName' in branch ? branch.fullName : branch.kind;
      if (seen.has(name)) throw invalid(at, `is a union with two branches of ${name}`);
      seen.add(name);
    }
    return { kind: 'union', branches };
  }

  #record(json: Json, namespace: string, at: string): RecordNode {
    const fields: FieldNode[] = [];
    const node: RecordNode = { kind: 'record', ...this.#names(json, namespace, at), fields };
    this.#define(node, at);
    if (!Array.isArray(json.fields)) throw invalid(at, `is a record (${node.fullName}) without \`fields\``);
    const inner = spaceOf(node.fullName);
    const seen = new Set<string>();
    for (const [i, field] of (json.fields as unknown[]).entries()) {
      if (!isObject(field) || typeof field.name !== 'string')
        throw invalid(at, `is a record (${node.fullName}) whose field ${i + 1} has no name`);
      const { name } = field;
      const path = at === '' ? name : `${at}.${name}`;
      if (!NAME.test(name)) throw invalid(path, 'has a name that Avro does not allow (letters, digits and _, no digit first)');
      if (seen.has(name)) throw invalid(path, 'is there twice');
      seen.add(name);
      if (field.type === undefined) throw invalid(path, 'has no `type`');
      if (field.order !== undefined && !ORDERS.has(field.order))
        throw invalid(path, `has the order ${JSON.stringify(field.order)}: it is ascending, descending or ignore`);
      const type = this.schema(field.type, inner, path);
      const value = Object.hasOwn(field, 'default') ? field.default : undefined;
      if (value !== undefined) {
        this.#defaults.push(() => {
          const problem = defaultProblem(type, value);
          if (problem !== null) throw invalid(path, `has the default ${shorten(JSON.stringify(value))}, which ${problem}`);
        });
      }
      fields.push({ name, aliases: strings(field.aliases, path, 'aliases'), node: type, default: value });
    }
    return node;
  }

  #enum(json: Json, namespace: string, at: string): EnumNode {
    const names = this.#names(json, namespace, at);
    const symbols = strings(json.symbols, at, 'symbols');
    if (json.symbols === undefined) throw invalid(at, `is an enum (${names.fullName}) without \`symbols\``);
    const wrong = symbols.find((symbol, i) => !NAME.test(symbol) || symbols.indexOf(symbol) !== i);
    if (wrong !== undefined) throw invalid(at, `is an enum (${names.fullName}) whose symbol \`${wrong}\` is not a name, or is there twice`);
    const fallback = json.default ?? null;
    if (fallback !== null && !(typeof fallback === 'string' && symbols.includes(fallback)))
      throw invalid(at, `is an enum (${names.fullName}) whose default ${JSON.stringify(fallback)} is none of its symbols`);
    const node: EnumNode = { kind: 'enum', ...names, symbols, default: fallback };
    this.#define(node, at);
    return node;
  }

  #fixed(json: Json, namespace: string, at: string): FixedNode {
    const names = this.#names(json, namespace, at);
    const { size } = json;
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
      throw invalid(at, `is a fixed (${names.fullName}) without a \`size\``);
    const node: FixedNode = {
      kind: 'fixed',
      ...names,
      size,
      logical: logicalOf(json, 'fixed', Math.floor(Math.log10(2) * (8 * size - 1))),
    };
    this.#define(node, at);
    return node;
  }

  #names(json: Json, namespace: string, at: string): { fullName: string; aliases: string[] } {
    const { name } = json;
    if (typeof name !== 'string' || name === '') throw invalid(at, `is a ${String(json.type)} without a \`name\``);
    const fullName = qualify(name, typeof json.namespace === 'string' ? json.namespace : namespace);
    if (!fullName.split('.').every((part) => NAME.test(part))) throw invalid(at, `has the name \`${fullName}\`, which Avro does not allow`);
    if (PRIMITIVES.has(fullName)) throw invalid(at, `has the name of a primitive type, \`${fullName}\``);
    const space = spaceOf(fullName);
    const aliases = strings(json.aliases, at, 'aliases').map((alias) => {
      if (
        !alias
          .replace(/^\./, '')
          .split('.')
          .every((part) => NAME.test(part))
      )
        throw invalid(at, `has the alias \`${alias}\`, which is no name`);
      // With a dot it stays as it is: Avro takes `.R` for no name of a type without a namespace.
      return alias.includes('.') ? alias : qualify(alias, space);
    });
    return { fullName, aliases };
  }

  #define(node: RecordNode | EnumNode | FixedNode, at: string): void {
    if (this.#named.has(node.fullName)) throw invalid(at, `defines \`${node.fullName}\` a second time`);
    this.#named.set(node.fullName, node);
  }

  #reference(name: string, namespace: string, at: string): AvroNode {
    const node = this.#named.get(qualify(name, namespace)) ?? this.#named.get(name.replace(/^\./, ''));
    if (node !== undefined) return node;
    const meant = didYouMean(name, [...PRIMITIVES, ...this.#named.keys()]);
    throw invalid(at, `has the type \`${name}\`, which is not defined`, meant);
  }
}

/** The full name of `name` as written within `namespace`. */
export function qualify(name: string, namespace: string): string {
  if (name.includes('.')) return name.replace(/^\./, '');
  return namespace === '' ? name : `${namespace}.${name}`;
}

export function spaceOf(fullName: string): string {
  return fullName === unqualified(fullName) ? '' : fullName.slice(0, fullName.lastIndexOf('.'));
}

function logicalOf(json: Json, kind: string, maxPrecision: number): Logical | null {
  const { logicalType: name, precision, scale = 0 } = json;
  if (name === 'decimal') {
    if (kind !== 'bytes' && kind !== 'fixed') return null;
    if (typeof precision !== 'number' || !Number.isInteger(precision) || precision < 1 || precision > maxPrecision) return null;
    if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > precision) return null;
    return { name, precision, scale };
  }
  if (typeof name !== 'string' || !Object.hasOwn(PLAIN_LOGICAL, name)) return null;
  return PLAIN_LOGICAL[name as PlainLogical] === kind ? { name: name as PlainLogical } : null;
}

function strings(json: unknown, at: string, what: string): string[] {
  if (json === undefined) return [];
  if (!Array.isArray(json) || !json.every((text) => typeof text === 'string'))
    throw invalid(at, `has \`${what}\` that are not a list of strings`);
  return json;
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function invalid(at: string, problem: string, help?: string): InvalidSchema {
  return new InvalidSchema(at, `${at === '' ? 'the schema' : `field \`${at}\``} ${problem}`, help);
}

/** Not Avro. */
export class InvalidSchema extends RegistryError {
  constructor(
    /** Field path of what is wrong; empty: the schema itself. */
    readonly path: string,
    message: string,
    help?: string,
  ) {
    super('invalid_schema', message, { help });
  }
}
