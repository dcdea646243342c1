import { didYouMean } from '../expression/suggest.js';
import type { AvroSchema } from '../plan/plan.js';
import { BOOLEAN, BYTES, DATE, DOUBLE, FLOAT, INT, LONG, NULL, nullable, STRING, TIMESTAMP, TIMESTAMP_MICROS } from './lattice.js';
import { Definitions, RecursiveRecord } from './recursive.js';
import type { Field, Type } from './type.js';
import { unionOf } from './union.js';

export { typeToAvro, unnamedToAvro, type AvroRecordName } from './to-avro.js';

/** A part of a schema that the language has no type for. `path` is that of the field (`a.b`; empty: the schema itself). */
export interface UnsupportedField {
  /** RTA1401: not a valid schema; RTA1402: valid Avro that the language does not read. */
  readonly code: 'RTA1401' | 'RTA1402';
  readonly path: string;
  /** A whole sentence that names the field: "field `a.b` is a union of int and string, …". */
  readonly message: string;
  readonly help?: string;
}

/** The type of a schema, and the fields that are left out of it. */
export interface AvroReading {
  /** Null if the schema itself cannot be read; `unsupported` then says why. */
  readonly type: Type | null;
  readonly unsupported: readonly UnsupportedField[];
}

/**
 * Reads an Avro schema (parsed JSON) as a type. A union is the type that its branches have in common, else as union.ts says. A field without
 * a type in the language is left out of its record and listed in `unsupported`; the others stay usable. A record within itself is a
 * `RecursiveRecord`. Never throws.
 *
 * Logical types: decimal (bytes or fixed), timestamp-millis and -micros (the local ones too), date. A uuid is a string, a time of day an int of
 * milliseconds or a long of microseconds, timestamp-nanos a long, a `fixed` (duration too) bytes. As Avro says, an unknown or misplaced
 * logical type is ignored.
 */
export function avroToType(schema: AvroSchema): AvroReading {
  const reader = new SchemaReader(schema);
  const result = reader.read(schema, '', '');
  if (typeof result !== 'string' && !('problem' in result)) return { type: result, unsupported: reader.unsupported };
  return { type: null, unsupported: [...reader.unsupported, unusable('', result)] };
}

const fieldsRead = new Map<string, readonly Field[]>();

/** The fields of a `RecursiveRecord`. */
function recursiveFields(schema: string): readonly Field[] {
  const known = fieldsRead.get(schema);
  if (known !== undefined) return known;
  const { type } = avroToType(JSON.parse(schema) as AvroSchema);
  const fields = type?.kind === 'record' ? type.fields : [];
  fieldsRead.set(schema, fields);
  return fields;
}

/** A type from its JSON. */
export function typeFromJson(json: string): Type {
  return JSON.parse(json, (_key, value: unknown) =>
    isObject(value) && typeof value.schema === 'string' && value.fields === undefined
      ? new RecursiveRecord(String(value.name), value.schema, recursiveFields)
      : value,
  ) as Type;
}

/** Why a (part of a) schema has no type. */
interface Problem {
  readonly problem: string;
  readonly invalid?: boolean;
  readonly help?: string;
}

const PRIMITIVES: Readonly<Record<string, Type>> = {
  null: NULL,
  boolean: BOOLEAN,
  int: INT,
  long: LONG,
  float: FLOAT,
  double: DOUBLE,
  bytes: BYTES,
  string: STRING,
};

const COMPLEX = ['record', 'enum', 'array', 'map', 'fixed'] as const;

/** What other languages call the types of Avro. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  integer: '`int`, or `long` beyond 2^31',
  bigint: '`long`',
  number: '`double`',
  real: '`float`',
  bool: '`boolean`',
  text: '`string`',
  varchar: '`string`',
  binary: '`bytes`',
  date: '`{ "type": "int", "logicalType": "date" }`',
  timestamp: '`{ "type": "long", "logicalType": "timestamp-millis" }`',
  datetime: '`{ "type": "long", "logicalType": "timestamp-millis" }`',
  uuid: '`{ "type": "string", "logicalType": "uuid" }`',
  decimal: '`{ "type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2 }`',
};

/** The logical types that change a primitive's meaning for us. Times of day and nanoseconds are the numbers that they are. */
const LOGICAL: Readonly<Record<string, Type>> = {
  'int date': DATE,
  'long timestamp-millis': TIMESTAMP,
  'long timestamp-micros': TIMESTAMP_MICROS,
  'long local-timestamp-millis': TIMESTAMP,
  'long local-timestamp-micros': TIMESTAMP_MICROS,
};

type JsonObject = Readonly<Record<string, unknown>>;

/** Nesting that no schema of use reaches; bounds the recursion. */
const MAX_NESTING = 100;

class SchemaReader {
  readonly unsupported: UnsupportedField[] = [];
  /** Named types by full name; while one is being read, within how many arrays, maps and unions it stands. */
  private readonly named = new Map<string, Type | Problem | number>();
  private nesting = 0;
  /** Arrays, maps and unions around what is being read: in them a record can contain itself and have an end. */
  private optional = 0;
  private definitions: Definitions | null = null;

  constructor(private readonly root: AvroSchema) {}

  read(schema: unknown, namespace: string, path: string): Type | Problem {
    if (++this.nesting > MAX_NESTING) return { problem: `is nested deeper than ${MAX_NESTING} levels` };
    const result = this.readAny(schema, namespace, path);
    this.nesting--;
    return result;
  }

  private readAny(schema: unknown, namespace: string, path: string): Type | Problem {
    if (typeof schema === 'string') return Object.hasOwn(PRIMITIVES, schema) ? PRIMITIVES[schema] : this.reference(schema, namespace);
    if (Array.isArray(schema)) return this.union(schema, namespace, path);
    if (!isObject(schema)) return invalid('is not a schema: a name, an object or a list is expected');
    const { type } = schema;
    if (Array.isArray(type) || isObject(type)) return this.read(type, namespace, path);
    if (typeof type !== 'string') return invalid('has no `type`');
    if (Object.hasOwn(PRIMITIVES, type)) return primitive(type, schema);
    switch (type) {
      case 'record':
      case 'error':
        return this.define(schema, namespace, (name) => this.record(schema, name, path));
      case 'enum':
        return this.define(schema, namespace, (name) => readEnum(schema, name));
      case 'fixed':
        return this.define(schema, namespace, () => fixed(schema));
      case 'array': {
        const items = this.optionally(() => this.read(schema.items, namespace, path && `${path}[]`));
        return 'problem' in items ? { ...items, problem: `is an array whose items: it ${items.problem}` } : { kind: 'array', items };
      }
      case 'map': {
        const values = this.optionally(() => this.read(schema.values, namespace, path && `${path}[]`));
        return 'problem' in values ? { ...values, problem: `is a map whose values: it ${values.problem}` } : { kind: 'map', values };
      }
      default:
        return this.reference(type, namespace);
    }
  }

  private union(branches: readonly unknown[], namespace: string, path: string): Type | Problem {
    const others = branches.filter((branch) => branch !== 'null' && !(isObject(branch) && branch.type === 'null'));
    if (branches.length === 0) return invalid('is an empty union');
    if (others.length === 0) return NULL;
    if (others.length > 1) {
      // Its branches are read in any case: they may define names that other fields refer to.
      const types = others.map((branch) => this.quietly(() => this.optionally(() => this.read(branch, namespace, path))));
      const readable = types.filter((type): type is Type => !('problem' in type));
      const type = commonOf(types) ?? (readable.length === types.length ? unionOf(readable) : null);
      if (type !== null) return others.length === branches.length ? type : nullable(type);
      return {
        problem: `is a union of ${listed(others.map(branchName))}, and the language has no type for that`,
        help: 'its branches must be types of the language, no two of them the same one: decimals are bytes too',
      };
    }
    const one = (): Type | Problem => this.read(others[0], namespace, path);
    const type = others.length === branches.length ? one() : this.optionally(one);
    return 'problem' in type || others.length === branches.length ? type : nullable(type);
  }

  private record(schema: JsonObject, name: string, path: string): Type | Problem {
    if (!Array.isArray(schema.fields)) return invalid(`is a record (${name}) without \`fields\``);
    const fields: Field[] = [];
    const seen = new Set<string>();
    for (const [i, field] of (schema.fields as unknown[]).entries()) {
      if (!isObject(field) || typeof field.name !== 'string')
        return invalid(`is a record (${name}) whose field number ${i + 1} has no name`);
      if (seen.has(field.name)) return invalid(`is a record (${name}) with two fields named \`${field.name}\``);
      seen.add(field.name);
      const fieldPath = path === '' ? field.name : `${path}.${field.name}`;
      // `{name, type: "long", logicalType: …}` is a common slip: Avro ignores a logical type there, and so do we.
      const type = this.read(field.type, namespaceOf(name), fieldPath);
      if ('problem' in type) this.unsupported.push(unusable(fieldPath, type));
      else fields.push({ name: field.name, type, ...(typeof field.doc === 'string' ? { doc: field.doc } : {}) });
    }
    return { kind: 'record', name, fields };
  }

  private define(schema: JsonObject, namespace: string, read: (fullName: string) => Type | Problem): Type | Problem {
    const { name } = schema;
    if (typeof name !== 'string' || name === '')
      return invalid(`is a${schema.type === 'enum' ? 'n' : ''} ${String(schema.type)} without a \`name\``);
    const own = typeof schema.namespace === 'string' ? schema.namespace : namespace;
    const fullName = name.includes('.') || own === '' ? name : `${own}.${name}`;
    if (this.named.has(fullName)) return invalid(`defines \`${fullName}\` a second time`);
    this.named.set(fullName, this.optional);
    const type = read(fullName);
    this.named.set(fullName, type);
    return type;
  }

  private reference(name: string, namespace: string): Type | Problem {
    const full = name.includes('.') || namespace === '' ? name.replace(/^\./, '') : `${namespace}.${name}`;
    const key = this.named.has(full) ? full : name;
    const type = this.named.get(key);
    if (type === this.optional) return invalid(`is of \`${name}\`, which contains itself in every value, so that none has an end`);
    if (typeof type === 'number') return this.recursive(key);
    return type ?? { ...invalid(`has the unknown type \`${name}\``), ...this.meant(name) };
  }

  /** What an unknown type was probably meant to be. */
  private meant(name: string): Pick<Problem, 'help'> {
    const other = Object.hasOwn(ELSEWHERE, name.toLowerCase()) ? ELSEWHERE[name.toLowerCase()] : null;
    const help =
      other === null ? didYouMean(name, [...Object.keys(PRIMITIVES), ...COMPLEX, ...this.named.keys()]) : `in Avro that is ${other}`;
    return help === undefined ? {} : { help };
  }

  /** A record in itself. */
  private recursive(name: string): Type | Problem {
    this.definitions ??= new Definitions(this.root, MAX_NESTING);
    const schema = this.definitions.schemaOf(name);
    return schema === null
      ? { problem: `is nested deeper than ${MAX_NESTING} levels` }
      : new RecursiveRecord(name, schema, recursiveFields);
  }

  private optionally<T>(read: () => T): T {
    this.optional++;
    const result = read();
    this.optional--;
    return result;
  }

  private quietly<T>(read: () => T): T {
    const kept = this.unsupported.length;
    const result = read();
    this.unsupported.length = kept;
    return result;
  }
}

/** The type that the branches of a union have in common: whole numbers and doubles are numbers, enums beside a string are texts, `fixed` are bytes. */
function commonOf(types: readonly (Type | Problem)[]): Type | null {
  const kinds = types.map((type) => ('problem' in type ? 'problem' : type.kind));
  if (kinds.every((kind) => kind === 'bytes')) return BYTES;
  if (kinds.every((kind) => kind === 'int' || kind === 'long')) return LONG;
  if (kinds.every((kind) => kind === 'int' || kind === 'long' || kind === 'double')) return DOUBLE;
  return kinds.includes('string') && kinds.every((kind) => kind === 'string' || kind === 'enum') ? STRING : null;
}

function primitive(name: string, schema: JsonObject): Type | Problem {
  const { logicalType } = schema;
  if (typeof logicalType !== 'string') return PRIMITIVES[name];
  if (name === 'bytes' && logicalType === 'decimal') return decimalOf(schema, Infinity) ?? PRIMITIVES[name];
  return (LOGICAL as Readonly<Record<string, Type | undefined>>)[`${name} ${logicalType}`] ?? PRIMITIVES[name];
}

function readEnum(schema: JsonObject, name: string): Type | Problem {
  const { symbols } = schema;
  if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === 'string'))
    return invalid(`is an enum (${name}) without \`symbols\``);
  return { kind: 'enum', name, symbols };
}

function fixed(schema: JsonObject): Type | Problem {
  const { size } = schema;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) return invalid('is a fixed without a `size`');
  const digits = Math.floor(Math.log10(2) * (8 * size - 1));
  return (schema.logicalType === 'decimal' ? decimalOf(schema, digits) : null) ?? BYTES;
}

/** Null if precision or scale are not valid: Avro then ignores the logical type. */
function decimalOf({ precision, scale = 0 }: JsonObject, maxPrecision: number): Type | null {
  if (typeof precision !== 'number' || !Number.isInteger(precision) || precision < 1 || precision > maxPrecision) return null;
  if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > precision) return null;
  return { kind: 'decimal', precision, scale };
}

function unusable(path: string, { problem, invalid: broken, help }: Problem): UnsupportedField {
  const subject = path === '' ? 'the schema' : `field \`${path}\``;
  return { code: broken ? 'RTA1401' : 'RTA1402', path, message: `${subject} ${problem}`, ...(help === undefined ? {} : { help }) };
}

function invalid(problem: string): Problem {
  return { problem, invalid: true };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function branchName(branch: unknown): string {
  if (typeof branch === 'string') return branch;
  if (!isObject(branch)) return 'a union';
  return String(branch.name ?? branch.logicalType ?? branch.type);
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

function namespaceOf(fullName: string): string {
  return fullName.includes('.') ? fullName.slice(0, fullName.lastIndexOf('.')) : '';
}
