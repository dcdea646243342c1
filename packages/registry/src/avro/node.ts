/** An Avro schema with its names resolved: a graph, since a record may contain itself. Made by `parse.ts`. */
export type AvroNode = PrimitiveNode | FixedNode | EnumNode | RecordNode | ArrayNode | MapNode | UnionNode;

export type PrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** What a logical type says; only one that is valid where it stands, since Avro ignores the others. */
export type Logical = { readonly name: 'decimal'; readonly precision: number; readonly scale: number } | { readonly name: PlainLogical };

export const PLAIN_LOGICAL = {
  date: 'int',
  'time-millis': 'int',
  'time-micros': 'long',
  'timestamp-millis': 'long',
  'timestamp-micros': 'long',
  'timestamp-nanos': 'long',
  'local-timestamp-millis': 'long',
  'local-timestamp-micros': 'long',
  'local-timestamp-nanos': 'long',
  uuid: 'string',
} as const;
export type PlainLogical = keyof typeof PLAIN_LOGICAL;

export interface PrimitiveNode {
  readonly kind: PrimitiveKind;
  readonly logical: Logical | null;
}

interface Named {
  /** With its namespace. */
  readonly fullName: string;
  /** Full names. */
  readonly aliases: readonly string[];
}

export interface FixedNode extends Named {
  readonly kind: 'fixed';
  readonly size: number;
  readonly logical: Logical | null;
}

export interface EnumNode extends Named {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  /** What a symbol that is not known is read as. */
  readonly default: string | null;
}

export interface RecordNode extends Named {
  readonly kind: 'record';
  /** Filled after the node is made, since fields may refer to it. */
  readonly fields: readonly FieldNode[];
}

export interface FieldNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly node: AvroNode;
  /** JSON of the default; undefined: there is none (null is a default). */
  readonly default: unknown;
}

interface ArrayNode {
  readonly kind: 'array';
  readonly items: AvroNode;
}

interface MapNode {
  readonly kind: 'map';
  readonly values: AvroNode;
}

interface UnionNode {
  readonly kind: 'union';
  readonly branches: readonly AvroNode[];
}

export function unqualified(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

/** How a schema is called in messages: `long`, `decimal(10, 2)`, `record Order`, `array of string`. */
export function describe(node: AvroNode): string {
  switch (node.kind) {
    case 'record':
    case 'enum':
      return `${node.kind} ${unqualified(node.fullName)}`;
    case 'fixed':
      return describeLogical(node.logical) ?? `fixed ${unqualified(node.fullName)} of ${node.size} bytes`;
    case 'array':
      return `array of ${describe(node.items)}`;
    case 'map':
      return `map of ${describe(node.values)}`;
    case 'union':
      return `union of ${node.branches.map(describe).join(', ')}`;
    default:
      return describeLogical(node.logical) ?? node.kind;
  }
}

function describeLogical(logical: Logical | null): string | null {
  if (logical === null) return null;
  return logical.name === 'decimal' ? `decimal(${logical.precision}, ${logical.scale})` : logical.name;
}
