/** What changed between two schemas, as people would say it. */
import type { AvroSchema } from '@rta/dsl';
import { describe, unqualified, type AvroNode, type EnumNode, type FieldNode, type RecordNode } from './avro/node.js';
import { parseSchema } from './avro/parse.js';

export interface SchemaChange {
  /** Field path as of CompatibilityProblem; empty: the schema itself. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** `string, default ""`; `int → long`. */
  readonly what: string;
}

/** In the order of the newer schema, what is gone last within its record. Doc strings and the order of fields count for nothing. Throws RegistryError `invalid_schema`. */
export function schemaChanges(before: AvroSchema, after: AvroSchema): SchemaChange[] {
  const changes: SchemaChange[] = [];
  new Comparison(changes).compare(parseSchema(before), parseSchema(after), '');
  return changes;
}

class Comparison {
  /** Pairs of records that were compared: a type may hold itself, and is used in several places. */
  readonly #done = new Map<RecordNode, Set<RecordNode>>();

  constructor(private readonly changes: SchemaChange[]) {}

  compare(before: AvroNode, after: AvroNode, path: string): void {
    if ('fullName' in before && 'fullName' in after && before.kind === after.kind && before.fullName !== after.fullName)
      this.#changed(path, `name ${before.fullName} → ${after.fullName}`);
    if (before.kind === 'record' && after.kind === 'record') this.#records(before, after, path);
    else if (before.kind === 'array' && after.kind === 'array') this.compare(before.items, after.items, `${path}[]`);
    else if (before.kind === 'map' && after.kind === 'map') this.compare(before.values, after.values, `${path}{}`);
    else if (before.kind === 'enum' && after.kind === 'enum') this.#enums(before, after, path);
    else if (before.kind === 'union' && after.kind === 'union') this.#unions(before.branches, after.branches, path);
    else if (describe(before) !== describe(after)) this.#changed(path, `${describe(before)} → ${describe(after)}`);
  }

  #records(before: RecordNode, after: RecordNode, path: string): void {
    const done = this.#done.get(before) ?? new Set<RecordNode>();
    this.#done.set(before, done);
    if (done.has(after)) return;
    done.add(after);
    const left = new Set(before.fields);
    for (const field of after.fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const same = before.fields.find(({ name }) => name === field.name);
      // Renamed, if its old name is gone.
      const old =
        same ?? before.fields.find(({ name }) => field.aliases.includes(name) && !after.fields.some((each) => each.name === name));
      if (old === undefined) {
        this.changes.push({ path: at, kind: 'added', what: describeField(field) });
        continue;
      }
      left.delete(old);
      if (same === undefined) this.#changed(at, `renamed from ${old.name}`);
      this.compare(old.node, field.node, at);
      if (JSON.stringify(old.default) !== JSON.stringify(field.default))
        this.#changed(at, `${describeDefault(old)} → ${describeDefault(field)}`);
    }
    for (const field of left)
      this.changes.push({ path: path === '' ? field.name : `${path}.${field.name}`, kind: 'removed', what: describeField(field) });
  }

  #enums(before: EnumNode, after: EnumNode, path: string): void {
    const added = after.symbols.filter((symbol) => !before.symbols.includes(symbol));
    const removed = before.symbols.filter((symbol) => !after.symbols.includes(symbol));
    const parts = [...added.map((symbol) => `+${symbol}`), ...removed.map((symbol) => `-${symbol}`)];
    if (parts.length > 0) this.#changed(path, `symbols ${parts.join(' ')}`);
    if (before.default !== after.default)
      this.#changed(path, `default of the enum ${before.default ?? 'none'} → ${after.default ?? 'none'}`);
  }

  #unions(before: readonly AvroNode[], after: readonly AvroNode[], path: string): void {
    const nameOf = (node: AvroNode): string => ('fullName' in node ? unqualified(node.fullName) : describe(node));
    const parts: string[] = [];
    for (const branch of after) {
      const old = before.find((each) => each.kind === branch.kind && nameOf(each) === nameOf(branch));
      if (old === undefined) parts.push(`+${describe(branch)}`);
      else this.compare(old, branch, path);
    }
    for (const branch of before)
      if (!after.some((each) => each.kind === branch.kind && nameOf(each) === nameOf(branch))) parts.push(`-${describe(branch)}`);
    if (parts.length > 0) this.#changed(path, `union ${parts.join(', ')}`);
  }

  #changed(path: string, what: string): void {
    this.changes.push({ path, kind: 'changed', what });
  }
}

function describeField(field: FieldNode): string {
  return field.default === undefined ? describe(field.node) : `${describe(field.node)}, ${describeDefault(field)}`;
}

function describeDefault({ default: value }: FieldNode): string {
  return value === undefined ? 'no default' : `default ${JSON.stringify(value)}`;
}
