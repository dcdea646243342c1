/**
 * Whether data written with one Avro schema can be read with another (Avro 1.12, "Schema Resolution"), and why not. Stricter than Avro where
 * Avro would read without an error what does not mean the same:
 *
 * - decimals need equal scales, and the reader at least the writer's precision; a decimal is not plain bytes
 * - timestamp-millis and timestamp-micros (any two different logical types) are not each other; adding or dropping one is fine,
 *   since the number stays what it is
 *
 * and where Avro's checker lets pass what its readers then fail on: a field of the data that two fields of the reader would take.
 * Everything else is as Avro's `SchemaCompatibility` has it (`test/peers/avro-compatibility.test.ts`; `docs/schemas.md` says the differences).
 */
import type { AvroSchema } from '@rta/dsl';
import {
  describe,
  unqualified,
  type AvroNode,
  type EnumNode,
  type FieldNode,
  type FixedNode,
  type Logical,
  type PrimitiveNode,
  type RecordNode,
} from './avro/node.js';
import { parseSchema } from './avro/parse.js';

export type CompatibilityRule =
  'type' | 'name' | 'missing_default' | 'alias' | 'enum_symbol' | 'fixed_size' | 'union_branch' | 'decimal' | 'logical_type';

/** One thing that cannot be read. */
export interface CompatibilityProblem {
  /** Field path, `order.items[].price` (`[]` in an array, `{}` in a map); empty: the schema itself. */
  readonly path: string;
  readonly rule: CompatibilityRule;
  /** A sentence that names the field. */
  readonly message: string;
  /** What to change in the reader's schema. */
  readonly fix: string;
  /** What to change in the writer's, where that is the new one. */
  readonly writerFix: string;
}

/** What stands in the way of reading data of `writer` with `reader`; empty: nothing. Throws RegistryError `invalid_schema`. */
export function resolutionProblems(reader: AvroSchema, writer: AvroSchema): CompatibilityProblem[] {
  return nodeProblems(parseSchema(reader), parseSchema(writer));
}

export function nodeProblems(reader: AvroNode, writer: AvroNode): CompatibilityProblem[] {
  const problems: CompatibilityProblem[] = [];
  new Resolution(problems).compare(reader, writer, '');
  return problems;
}

/** The problem and how to fix it in one line. @param changing which of the two schemas can be changed */
export function sentence(problem: CompatibilityProblem, changing: 'reader' | 'writer' = 'reader'): string {
  return `${problem.message}; ${changing === 'reader' ? problem.fix : problem.writerFix}`;
}

const SIZE = 'a fixed keeps its size: add a field of another name';
const MEANING = 'the number would change its meaning: add a field of another name';
const DECIMAL = 'keep it a decimal: its bytes alone do not say its scale';
const SCALE = 'a decimal keeps its scale: add a field of another name';

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/** Whether primitives of one kind may be read as another. */
export function promotes(writer: string, reader: string): boolean {
  return writer === reader || (PROMOTIONS[writer]?.includes(reader) ?? false);
}

/** Whether two named types are the same one: by unqualified name, or by the full name that an alias of the reader is. */
function sameName(reader: RecordNode | EnumNode | FixedNode, writer: RecordNode | EnumNode | FixedNode): boolean {
  return unqualified(reader.fullName) === unqualified(writer.fullName) || reader.aliases.includes(writer.fullName);
}

/** The writer's field that a reader's field takes its value from; undefined: its default. */
export function writtenField(reader: FieldNode, writer: RecordNode): FieldNode | undefined {
  return writer.fields.find(({ name }) => name === reader.name) ?? writer.fields.find(({ name }) => reader.aliases.includes(name));
}

/**
 * The reader's branch that a writer's (no union) resolves to; undefined: none. Of those that match it is the one of the same full name or type
 * first, then of the same unqualified name, then by promotion.
 */
export function matchingBranch(
  branches: readonly AvroNode[],
  writer: AvroNode,
  matches: (branch: AvroNode) => boolean,
): AvroNode | undefined {
  const rank = (branch: AvroNode): number => {
    if (branch.kind !== writer.kind) return 2;
    if (!('fullName' in branch) || !('fullName' in writer)) return 0;
    return branch.fullName === writer.fullName ? 0 : 1;
  };
  const ranked = branches.map((branch, i) => ({ branch, order: rank(branch) * branches.length + i })).sort((a, b) => a.order - b.order);
  return ranked.find(({ branch }) => matches(branch))?.branch;
}

/** Whether a branch is of the writer's type, if not one that can be read as it is. */
export function meantFor(branch: AvroNode, writer: AvroNode): boolean {
  return branch.kind === writer.kind && (!('fullName' in branch) || !('fullName' in writer) || sameName(branch, writer));
}

/** What is known of a pair of records: being compared (a recursive type is what its other parts are), readable, or not. */
type Judgement = 'open' | 'readable' | Unreadable;

/** The rule of the first of its problems. */
interface Unreadable {
  readonly rule: CompatibilityRule;
}

/** Pairs of records, each compared once: schemas use a type many times, and unions try their branches. */
class Judgements {
  readonly #known = new Map<RecordNode, Map<RecordNode, Judgement>>();
  #readable: (readonly [RecordNode, RecordNode])[] = [];

  get(reader: RecordNode, writer: RecordNode): Judgement | undefined {
    return this.#known.get(reader)?.get(writer);
  }

  set(reader: RecordNode, writer: RecordNode, judgement: Judgement): void {
    const ofReader = this.#known.get(reader) ?? new Map<RecordNode, Judgement>();
    this.#known.set(reader, ofReader);
    ofReader.set(writer, judgement);
    if (judgement === 'readable') this.#readable.push([reader, writer]);
  }

  /** Tries a branch; what it found readable is forgotten if the trial fails, since it may rest on what failed. */
  trial(run: () => CompatibilityProblem[]): CompatibilityProblem[] {
    const before = this.#readable.length;
    const problems = run();
    if (problems.length > 0) for (const [reader, writer] of this.#readable.splice(before)) this.#known.get(reader)?.delete(writer);
    return problems;
  }
}

class Resolution {
  readonly #problems: CompatibilityProblem[];
  readonly #judgements: Judgements;

  constructor(problems: CompatibilityProblem[], judgements = new Judgements()) {
    this.#problems = problems;
    this.#judgements = judgements;
  }

  compare(reader: AvroNode, writer: AvroNode, path: string): void {
    if (writer.kind === 'union') this.#unionWriter(reader, writer.branches, path);
    else if (reader.kind === 'union') this.#unionReader(reader.branches, writer, path);
    else if (reader.kind === 'record' && writer.kind === 'record') this.#records(reader, writer, path);
    else if (reader.kind === 'array' && writer.kind === 'array') this.compare(reader.items, writer.items, `${path}[]`);
    else if (reader.kind === 'map' && writer.kind === 'map') this.compare(reader.values, writer.values, `${path}{}`);
    else if (reader.kind === 'enum' && writer.kind === 'enum') this.#enums(reader, writer, path);
    else if (reader.kind === 'fixed' && writer.kind === 'fixed') this.#fixed(reader, writer, path);
    else if (promotes(writer.kind, reader.kind)) this.#logical(reader as PrimitiveNode, writer as PrimitiveNode, path);
    else
      this.#add(
        path,
        'type',
        `is ${describe(writer)} in the data and ${describe(reader)} in the reader`,
        fixForTypes(writer),
        `keep ${describe(reader)}, or add a field of another name`,
      );
  }

  #records(reader: RecordNode, writer: RecordNode, path: string): void {
    const known = this.#judgements.get(reader, writer);
    if (typeof known === 'object')
      this.#add(path, known.rule, `is ${describe(writer)}, which cannot be read, as said above`, 'see there', 'see there');
    if (known !== undefined) return;
    this.#judgements.set(reader, writer, 'open');
    const before = this.#problems.length;
    if (!sameName(reader, writer)) this.#named(reader, writer, path);
    this.#fields(reader, writer, path);
    this.#judgements.set(reader, writer, this.#problems.length > before ? { rule: this.#problems[before].rule } : 'readable');
  }

  #fields(reader: RecordNode, writer: RecordNode, path: string): void {
    const taken = new Map<FieldNode, FieldNode>();
    for (const field of reader.fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const written = writtenField(field, writer);
      if (written !== undefined) {
        this.#aliases(field, written, writer, taken.get(written), at);
        taken.set(written, field);
        this.compare(field.node, written.node, at);
      }
      if (written === undefined && field.default === undefined) {
        const hint = field.node.kind === 'union' && field.node.branches.some(({ kind }) => kind === 'null') ? ' (`null` would do)' : '';
        this.#add(
          at,
          'missing_default',
          `is not in the data and has no default in the reader`,
          `give it a default${hint}, or an alias if it was renamed`,
          'keep the field: its readers have no default for it',
        );
      }
    }
  }

  /** An alias by which a field would be two, or two fields one: Avro's readers rename by it, and then there are two, or one is missed. */
  #aliases(field: FieldNode, written: FieldNode, writer: RecordNode, other: FieldNode | undefined, at: string): void {
    const more = writer.fields.find(({ name }) => name !== written.name && field.aliases.includes(name));
    if (more !== undefined)
      this.#add(
        at,
        'alias',
        `may be \`${written.name}\` or, by its aliases, \`${more.name}\` of the data`,
        `take \`${(written.name === field.name ? more : written).name}\` out of its aliases`,
        `leave out \`${written.name}\` or \`${more.name}\``,
      );
    else if (other !== undefined)
      this.#add(
        at,
        'alias',
        `and \`${other.name}\` are both \`${written.name}\` of the data`,
        `take \`${written.name}\` out of the aliases`,
        `leave out \`${written.name}\``,
      );
  }

  #enums(reader: EnumNode, writer: EnumNode, path: string): void {
    if (!sameName(reader, writer)) this.#named(reader, writer, path);
    if (reader.default !== null) return;
    const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
    if (unknown.length === 0) return;
    const symbols = unknown.map((symbol) => `\`${symbol}\``).join(', ');
    this.#add(
      path,
      'enum_symbol',
      `may be ${symbols} in the data, which the reader's enum does not have`,
      'keep the symbols, or give the enum a `default`',
      'leave them out: the enum of the readers has no `default`',
    );
  }

  #fixed(reader: FixedNode, writer: FixedNode, path: string): void {
    if (!sameName(reader, writer)) this.#named(reader, writer, path);
    if (reader.size !== writer.size)
      this.#add(path, 'fixed_size', `has ${writer.size} bytes in the data and ${reader.size} in the reader`, SIZE, SIZE);
    this.#logical(reader, writer, path);
  }

  #named(reader: RecordNode | EnumNode | FixedNode, writer: RecordNode | EnumNode | FixedNode, path: string): void {
    this.#add(
      path,
      'name',
      `is ${reader.kind === 'enum' ? 'an' : 'a'} ${reader.kind} named \`${writer.fullName}\` in the data and \`${reader.fullName}\` in the reader`,
      `keep the name${aliasHint(reader, writer)}`,
      'keep the name',
    );
  }

  #logical(reader: { readonly logical: Logical | null }, writer: { readonly logical: Logical | null }, path: string): void {
    const [to, from] = [reader.logical, writer.logical];
    if (to?.name === 'decimal' || from?.name === 'decimal') {
      this.#decimal(to, from, path);
      return;
    }
    if (to === null || from === null || to.name === from.name) return;
    this.#add(path, 'logical_type', `is a ${from.name} in the data and a ${to.name} in the reader`, MEANING, MEANING);
  }

  #decimal(to: Logical | null, from: Logical | null, path: string): void {
    const show = (logical: Logical | null): string =>
      logical === null ? 'plain bytes' : logical.name === 'decimal' ? `decimal(${logical.precision}, ${logical.scale})` : logical.name;
    const words = `is ${show(from)} in the data and ${show(to)} in the reader`;
    if (to?.name !== 'decimal' || from?.name !== 'decimal') this.#add(path, 'decimal', words, DECIMAL, DECIMAL);
    else if (to.scale !== from.scale) this.#add(path, 'decimal', words, SCALE, SCALE);
    else if (to.precision < from.precision)
      this.#add(
        path,
        'decimal',
        words,
        `give the reader a precision of ${from.precision} at least`,
        `keep a precision of ${to.precision} at most`,
      );
  }

  #unionWriter(reader: AvroNode, branches: readonly AvroNode[], path: string): void {
    for (const branch of branches) {
      if (branch.kind === 'null' && !acceptsNull(reader))
        this.#add(
          path,
          'union_branch',
          `may be null in the data and is ${describe(reader)} in the reader`,
          'let it be null: `["null", …]`',
          'keep null out of it',
        );
      else this.compare(reader, branch, path);
    }
  }

  #unionReader(branches: readonly AvroNode[], writer: AvroNode, path: string): void {
    const tried = new Map<AvroNode, CompatibilityProblem[]>();
    const fits = (branch: AvroNode): boolean => {
      const problems = this.#judgements.trial(() => {
        const found: CompatibilityProblem[] = [];
        new Resolution(found, this.#judgements).compare(branch, writer, path);
        return found;
      });
      tried.set(branch, problems);
      return problems.length === 0;
    };
    if (matchingBranch(branches, writer, fits) !== undefined) return;
    // The branch that it was meant for says more than that none fits.
    const differs = (branch: AvroNode): boolean => tried.get(branch)?.every(({ rule }) => ABOUT_MEANING.has(rule)) ?? false;
    const meant = branches.find((branch) => meantFor(branch, writer)) ?? branches.find(differs);
    if (meant !== undefined) {
      this.#problems.push(...(tried.get(meant) ?? []));
      return;
    }
    const expected = branches.map(describe).join(' or ');
    this.#add(
      path,
      'union_branch',
      `is ${describe(writer)} in the data, and the reader's union takes only ${expected}`,
      `add ${describe(writer)} to the reader's union`,
      `keep to ${expected}`,
    );
  }

  #add(path: string, rule: CompatibilityRule, what: string, fix: string, writerFix: string): void {
    this.#problems.push({ path, rule, message: `${path === '' ? 'the schema' : `field \`${path}\``} ${what}`, fix, writerFix });
  }
}

/** Rules of ours over Avro's: the data can be read, and says something else. */
const ABOUT_MEANING: ReadonlySet<CompatibilityRule> = new Set(['decimal', 'logical_type']);

/** How an alias would help. A name without a namespace cannot be one of a type that has a namespace: it would be taken into that. */
function aliasHint(reader: { readonly fullName: string }, writer: { readonly fullName: string }): string {
  if (!writer.fullName.includes('.') && reader.fullName.includes('.')) return ` \`${writer.fullName}\``;
  return `, or add \`"aliases": ["${writer.fullName}"]\` to the reader's`;
}

function acceptsNull(reader: AvroNode): boolean {
  return reader.kind === 'null' || (reader.kind === 'union' && reader.branches.some(({ kind }) => kind === 'null'));
}

function fixForTypes(writer: AvroNode): string {
  const wider = PROMOTIONS[writer.kind];
  const keep = `keep ${describe(writer)}`;
  if (wider === undefined) return `${keep}, or add a field of another name`;
  return `${keep} or read it as ${wider.join(' or ')}; or add a field of another name`;
}
