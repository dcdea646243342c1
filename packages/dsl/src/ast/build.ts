import type { Span } from '../diagnostics/diagnostic.js';
import type { ErrorPolicy, LatePolicy, TopicDeclaration } from '../plan/plan.js';
import { SCHEMA_CHANGE_POLICIES } from '../plan/schema-change.js';
import { entryOf, isNull, valueOf, type YamlEntry, type YamlMap, type YamlNode, type YamlScalar } from '../yaml/node.js';
import type { SettingsReader, Spanned } from '../yaml/read.js';
import { buildAlert } from './build-alert.js';
import { buildParquet } from './build-parquet.js';
import { buildRollups } from './build-rollups.js';
import { buildTest } from './build-test.js';
import { buildClickhouse, buildWebhook } from './build-stores.js';
import { closest } from '../expression/suggest.js';
import { PIPELINE } from './pipeline-schema.js';
import { SINK } from './shapes.js';
import type { BoardAst, PipelineAst, SinkAst, SourceAst, SourceRefAst, StoreAst, StreamAst } from './ast.js';
import { STORE_KINDS } from '../plan/store-sink.js';

/** Reads the root of a pipeline file. The structure was checked before, so what does not fit is left out without a word. */
export function buildPipeline(root: YamlMap, read: SettingsReader): PipelineAst {
  return {
    span: root.entries.length > 0 ? root.entries[0].keySpan : root.span,
    name: read.textAt(root, 'pipeline'),
    sources: sourceRefs(root, read),
    streams: streams(root, read),
    sinks: sinks(root, read),
    saysSink: ['sink', 'sinks'].some((key) => entryOf(root, key) !== null || misspelt(root).has(key)),
    late: latePolicy(entryOf(root, 'late'), read),
    errors: errorPolicy(entryOf(root, 'errors'), read),
    standby: read.integerAt(root, 'standby'),
    topics: entries(valueOf(root, 'topics')).map((entry) => topicDeclaration(entry, read)),
    boards: entries(valueOf(root, 'boards')).map((entry) => board(entry, read)),
    alerts: entries(valueOf(root, 'alerts')).map((entry) => buildAlert(entry, read)),
    tests: entries(valueOf(root, 'tests')).map(buildTest),
    misspelt: misspelt(root),
  };
}

/** Reads one source of `sources:` or of `rta.yaml`. */
export function buildSource(name: string, span: Span, node: YamlNode, read: SettingsReader): SourceAst {
  return {
    name,
    span,
    topic: read.textAt(node, 'topic'),
    kind: read.wordAt(node, 'kind', ['stream', 'table']) ?? 'stream',
    kindSpan: entryOf(node, 'kind')?.value.span ?? span,
    key: valueOf(node, 'key'),
    schema: read.textAt(node, 'schema'),
    ...formats(node, read),
    time: valueOf(node, 'time'),
    latenessMs: read.durationAt(node, 'lateness')?.value ?? null,
    idleMs: read.durationAt(node, 'idle')?.value ?? null,
    maxAheadMs: read.durationAt(node, 'maxAhead')?.value ?? null,
    maxDriftMs: read.durationAt(node, 'maxDrift')?.value ?? null,
    start: read.wordAt(node, 'start', ['earliest', 'latest']),
    onIncompatibleSchemaChange: schemaChangePolicy(node, read),
  };
}

function schemaChangePolicy(node: YamlNode, read: SettingsReader): SourceAst['onIncompatibleSchemaChange'] {
  const value = read.wordAt(node, 'onIncompatibleSchemaChange', SCHEMA_CHANGE_POLICIES);
  const entry = entryOf(node, 'onIncompatibleSchemaChange');
  return value === null || entry === null ? null : { value, span: entry.keySpan };
}

/** `format: avro`, or `format: { key, value }`. */
function formats(node: YamlNode, read: SettingsReader): Pick<SourceAst, 'valueFormat' | 'keyFormat'> {
  const format = valueOf(node, 'format');
  return {
    valueFormat: format?.kind === 'map' ? read.textAt(format, 'value') : read.text(format),
    keyFormat: read.textAt(format, 'key'),
  };
}

/** Reads the settings of one topic. */
export function topicDeclaration(entry: YamlEntry, read: SettingsReader): TopicDeclaration {
  const node = entry.value;
  const cleanup = valueOf(node, 'cleanup');
  const words = cleanup?.kind === 'seq' ? cleanup.items.map((item) => read.text(item)?.value) : [read.text(cleanup)?.value];
  const policies = words.filter((word) => word === 'compact' || word === 'delete');
  return {
    name: entry.key,
    partitions: read.integerAt(node, 'partitions'),
    replication: read.integerAt(node, 'replication'),
    retentionMs: read.durationAt(node, 'retention')?.value ?? null,
    compression: read.wordAt(node, 'compression', ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    cleanup: policies.length > 0 ? policies : null,
  };
}

/** `late: drop` or `late: { topic: … }`; of the pipeline, a window or the project's defaults. */
export function latePolicy(entry: YamlEntry | null, read: SettingsReader): Spanned<LatePolicy> | null {
  if (entry === null) return null;
  const topic = read.textAt(entry.value, 'topic');
  if (topic !== null) return { value: { policy: 'topic', topic: topic.value }, span: topic.span };
  return read.text(entry.value)?.value === 'drop' ? { value: { policy: 'drop' }, span: entry.value.span } : null;
}

/** `errors: fail`, `skip` or `{ topic: … }`. */
export function errorPolicy(entry: YamlEntry | null, read: SettingsReader): Spanned<ErrorPolicy> | null {
  if (entry === null) return null;
  const topic = read.textAt(entry.value, 'topic');
  if (topic !== null) return { value: { policy: 'topic', topic: topic.value }, span: topic.span };
  const word = read.text(entry.value)?.value;
  return word === 'fail' || word === 'skip' ? { value: { policy: word }, span: entry.value.span } : null;
}

function misspelt(root: YamlMap): ReadonlySet<string> {
  const known = Object.keys(PIPELINE.properties as object);
  const unknown = root.entries.filter((entry) => !known.includes(entry.key));
  return new Set(unknown.flatMap((entry) => closest(entry.key, known) ?? []));
}

function sourceRefs(root: YamlMap, read: SettingsReader): SourceRefAst[] {
  const refs: SourceRefAst[] = [];
  const source = entryOf(root, 'source');
  if (source?.value.kind === 'map') refs.push({ kind: 'own', source: buildSource('source', source.keySpan, source.value, read) });
  const name = read.text(source?.value ?? null);
  if (name !== null) refs.push({ kind: 'shared', name });
  const several = valueOf(root, 'sources');
  if (several?.kind === 'seq') {
    for (const item of several.items) {
      const each = read.text(item);
      if (each !== null) refs.push({ kind: 'shared', name: each });
    }
  }
  for (const entry of entries(several)) {
    if (entry.value.kind === 'map') refs.push({ kind: 'own', source: buildSource(entry.key, entry.keySpan, entry.value, read) });
    else if (isNull(entry.value)) refs.push({ kind: 'shared', name: { value: entry.key, span: entry.keySpan } });
  }
  return refs;
}

function streams(root: YamlMap, read: SettingsReader): StreamAst[] {
  const found: StreamAst[] = [];
  const steps = entryOf(root, 'steps');
  if (steps !== null) found.push({ name: null, span: steps.keySpan, from: null, union: null, steps: stepMaps(steps.value) });
  for (const entry of entries(valueOf(root, 'streams'))) {
    found.push({
      name: entry.key,
      span: entry.keySpan,
      from: read.textAt(entry.value, 'from'),
      union: union(valueOf(entry.value, 'from'), read),
      steps: stepMaps(valueOf(entry.value, 'steps')),
    });
  }
  return found;
}

/** The names of `from: [a, b]`. */
function union(from: YamlNode | null, read: SettingsReader): readonly Spanned<string>[] | null {
  return from?.kind === 'seq' ? from.items.flatMap((item) => read.text(item) ?? []) : null;
}

function stepMaps(node: YamlNode | null): YamlMap[] {
  return node?.kind === 'seq' ? node.items.filter((item) => item.kind === 'map') : [];
}

function sinks(root: YamlMap, read: SettingsReader): SinkAst[] {
  const found: SinkAst[] = [];
  const single = entryOf(root, 'sink');
  if (single?.value.kind === 'map') found.push(sink(null, single, read));
  for (const entry of entries(valueOf(root, 'sinks'))) if (entry.value.kind === 'map') found.push(sink(entry.key, entry, read));
  return found;
}

function sink(name: string | null, entry: YamlEntry, read: SettingsReader): SinkAst {
  const node = entry.value;
  const key = valueOf(node, 'key');
  const keys = key?.kind === 'seq' ? key.items : key === null ? [] : [key];
  return {
    name,
    span: entry.keySpan,
    from: read.textAt(node, 'from'),
    topic: read.textAt(node, 'topic'),
    stores: stores(node, read),
    ttlMs: read.durationAt(node, 'ttl'),
    rollups: buildRollups(node, read),
    key: key === null ? null : keys.filter((item): item is YamlScalar => item.kind === 'scalar' && !isNull(item)),
    ...formats(node, read),
    notYet: present(node, ['partitionBy']),
    saysTarget: entries(node).some(
      (item) => ['topic', ...STORE_KINDS].includes(item.key) || !Object.hasOwn(SINK.properties as object, item.key),
    ),
  };
}

function stores(node: YamlNode, read: SettingsReader): readonly StoreAst[] {
  return STORE_KINDS.flatMap((kind) => {
    const entry = entryOf(node, kind);
    if (entry !== null && kind === 'parquet') return buildParquet(entry, read);
    if (entry !== null && kind === 'webhook') return buildWebhook(entry, read);
    if (entry !== null && kind === 'clickhouse') return buildClickhouse(entry, read);
    const name = entry === null ? null : read.text(entry.value);
    return entry === null || name === null ? [] : [{ kind, keySpan: entry.keySpan, name }];
  });
}

function board(entry: YamlEntry, read: SettingsReader): BoardAst {
  const node = entry.value;
  return {
    name: entry.key,
    span: entry.keySpan,
    from: read.textAt(node, 'from'),
    show: read.wordAt(node, 'show', ['ranking', 'line', 'funnel', 'table', 'number']) ?? 'table',
    label: read.textAt(node, 'label'),
    value: read.textAt(node, 'value'),
    by: read.textAt(node, 'by'),
    time: read.textAt(node, 'time'),
    total: read.textAt(node, 'total'),
  };
}

function entries(node: YamlNode | null): readonly YamlEntry[] {
  return node?.kind === 'map' ? node.entries : [];
}

function present(node: YamlNode, keys: readonly string[]): YamlEntry[] {
  return entries(node).filter((entry) => keys.includes(entry.key));
}
