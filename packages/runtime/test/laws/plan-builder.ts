/** Logical plans built by hand: what the compiler would make of a small pipeline. */
import {
  type AvroSchema,
  type Column,
  defaultKeyFormat,
  type KeyFormat,
  type Plan,
  type Relation,
  type SinkNode,
  type SourceNode,
  type StepNode,
  type Transform,
  typeToAvro,
  type ValueFormat,
} from '@rta/dsl';
import { LONG, NOWHERE, TIMESTAMP } from './typed-expressions.js';

export interface StepSpec {
  readonly id: string;
  /** `source` or another step. */
  readonly input: string;
  readonly transform: Transform;
}

export interface SinkSpec {
  readonly input: string;
  readonly format?: ValueFormat;
  readonly keyFormat?: KeyFormat;
}

export interface SourceSpec {
  readonly columns: readonly Column[];
  readonly schema: AvroSchema;
  /** A column of event times; ms. */
  readonly time: string;
  readonly latenessMs?: number;
  readonly maxAheadMs?: number;
  /** The columns that record keys equal. */
  readonly key?: string | readonly string[] | null;
  /** Whether they come from the record keys, and not from the values. */
  readonly keyAdds?: boolean;
  /** How record keys are written; default: text. */
  readonly keyFormat?: KeyFormat;
  readonly format?: ValueFormat;
}

export function buildPlan(source: SourceSpec, steps: readonly StepSpec[], sinks: readonly SinkSpec[]): Plan {
  const relations = new Map<string, Relation>();
  const sourceNode = sourceOf(source);
  relations.set('source', sourceNode.output);
  const stepNodes = steps.map(({ id, input, transform }): StepNode => {
    const output = relationOf(relations.get(input)!, transform);
    relations.set(id, output);
    return { id, verb: transform.type, name: null, input, transforms: [transform], output, span: NOWHERE };
  });
  const sinkNodes = sinks.map((spec, i) => sinkOf(`sink${i}`, spec, relations.get(spec.input)!));
  return {
    pipeline: 'law',
    path: 'law.yaml',
    sources: [sourceNode],
    steps: stepNodes,
    sinks: sinkNodes,
    late: { policy: 'drop' },
    errors: { policy: 'skip' },
    topics: [],
    tests: [],
  };
}

function sourceOf(spec: SourceSpec): SourceNode {
  const { columns, schema, time, latenessMs = 0, maxAheadMs = null, keyFormat = 'string', keyAdds = false, format = 'avro' } = spec;
  const key = typeof spec.key === 'string' ? [spec.key] : (spec.key ?? null);
  const timeColumn = columns.find((c) => c.name === time)!;
  return {
    id: 'source',
    name: 'source',
    topic: 'input',
    format,
    schema,
    keyFormat: key === null ? 'none' : keyFormat,
    key,
    keyAdds: keyAdds ? columns.filter(({ name }) => key?.includes(name) === true) : [],
    time: { from: 'column', expr: { kind: 'column', name: time, type: timeColumn.type, span: NOWHERE } },
    latenessMs,
    idleMs: null,
    maxAheadMs,
    maxDriftMs: null,
    start: 'earliest',
    output: { kind: 'stream', columns, key, windowed: false },
    span: NOWHERE,
  };
}

/** What a transform makes of its input; the rules of LANGUAGE.md. */
export function relationOf(input: Relation, transform: Transform): Relation {
  switch (transform.type) {
    case 'filter':
      return input;
    case 'project': {
      const columns = transform.columns.map((c) => ({ name: c.name, type: c.expr.type }));
      const renamed = input.key?.map((name) => transform.columns.find((c) => c.expr.kind === 'column' && c.expr.name === name)?.name);
      return { ...input, columns, key: renamed?.every((name) => name !== undefined) ? renamed : null };
    }
    case 'unnest':
      return { ...input, columns: [...input.columns, transform.column] };
    case 'fold': {
      const groups = transform.group.map((g) => ({ name: g.name, type: g.expr.type }));
      const windows = transform.window === null ? [] : ['window_start', 'window_end'].map((name) => ({ name, type: TIMESTAMP }));
      const results = transform.results.map((r) => ({ name: r.name, type: r.expr.type }));
      return {
        kind: transform.emit.mode === 'final' ? 'stream' : 'table',
        columns: [...groups, ...windows, ...results],
        key: [...groups, ...windows].map((c) => c.name),
        windowed: transform.window !== null,
      };
    }
    case 'join':
    case 'spread':
    case 'alert':
      throw new Error('joins, lists and alerts are built from YAML');
    case 'over':
      return { ...input, columns: transform.columns.map((c) => ({ name: c.name, type: c.expr.type })) };
    case 'rank': {
      const ranked = transform.rank === null ? [] : [{ name: transform.rank, type: LONG }];
      const alone = transform.k === 1 && !transform.ties;
      const inputKey = input.key!.filter((name) => !transform.group.includes(name));
      const key = [...transform.group, ...(transform.rank !== null ? [transform.rank] : alone ? [] : inputKey)];
      const windowed = input.windowed && transform.group.includes('window_start') && transform.group.includes('window_end');
      return { kind: transform.emit.mode === 'final' ? 'stream' : 'table', columns: [...ranked, ...input.columns], key, windowed };
    }
  }
}

function sinkOf(id: string, { input, format = 'avro', ...spec }: SinkSpec, relation: Relation): SinkNode {
  const { columns } = relation;
  const keyFormat = spec.keyFormat ?? defaultKeyFormat(format, relation.key?.length ?? null);
  const key = keyFormat === 'none' ? null : relation.key;
  const keyColumns = key === null ? null : key.map((name) => columns.find((c) => c.name === name)!);
  const avro = format === 'avro';
  return {
    id,
    name: id,
    input,
    topic: id,
    format,
    keyFormat,
    key,
    keySchema:
      keyFormat === 'avro' && keyColumns !== null
        ? keyColumns.length === 1
          ? typeToAvro(keyColumns[0].type)
          : schemaOf('key', keyColumns)
        : null,
    valueSchema: avro ? schemaOf('value', columns) : null,
    compacted: relation.kind === 'table',
    columns,
    span: NOWHERE,
  };
}

/** A record of columns; as the compiler derives sink schemas. */
export function schemaOf(name: string, columns: readonly Column[]): AvroSchema {
  return typeToAvro({ kind: 'record', name, fields: columns }, { name });
}
