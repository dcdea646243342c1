/** What happens to topics: as they are to be, against as they are. */
import { didYouMean, showDuration } from '@rta/dsl';
import type { TopicChange, TopicDescription, TopicSpec } from '@rta/runtime';
import type { DesiredTopic } from './desired.js';
import { itemOf, type DiffLine, type PlanItem } from './items.js';

export interface TopicItem extends PlanItem {
  readonly kind: 'topic';
  /** What is to be done; null: nothing. */
  readonly action: TopicAction | null;
}

export type TopicAction =
  | { readonly do: 'create'; readonly spec: TopicSpec }
  | { readonly do: 'configure'; readonly to: TopicChange; readonly back: TopicChange }
  /** It never had a record, and has another number of partitions. */
  | { readonly do: 'remake'; readonly spec: TopicSpec; readonly before: TopicSpec };

export interface ObservedTopics {
  readonly topics: ReadonlyMap<string, TopicDescription>;
  /** `never`: it never had a record; `empty`: it has none now. */
  readonly records: ReadonlyMap<string, 'never' | 'empty' | 'some'>;
  /** By topic: what was set when it was last deployed. */
  readonly deployed: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Whether sources are made that nobody declares. */
  readonly createSources: boolean;
}

/** A topic that people know: a source, sink, or one for what is put aside. */
export function sharedTopicItem(desired: DesiredTopic, observed: ObservedTopics): TopicItem {
  const { spec, role, pipelines, places, declared, conflict } = desired;
  const { name } = spec;
  const item = (more: Partial<TopicItem>): TopicItem => ({
    ...itemOf('topic', name, role, pipelines, { places }),
    kind: 'topic',
    action: null,
    ...more,
  });
  if (conflict !== null)
    return item({
      change: 'breaking',
      reasons: [`it is declared in two ways: ${conflict}`],
      advice: ['declare it once, under `topics:` of rta.yaml'],
    });
  const there = observed.topics.get(name);
  if (there === undefined) {
    if (role !== 'source' || declared !== null || observed.createSources) return item(created(spec));
    const meant = didYouMean(name, [...observed.topics.keys()], (other) => other);
    return item({
      change: 'breaking',
      reasons: [`there is no topic ${name} to read`],
      advice: [...(meant === undefined ? [] : [meant]), 'create it, or declare it under `topics:` with its partitions'],
    });
  }
  const records = observed.records.get(name) ?? 'some';
  if ((declared?.partitions ?? there.partitions) !== there.partitions) return item(otherPartitions(desired, there, records));
  const warnings: string[] = [];
  const replication = declared?.replication ?? there.replication;
  if (there.replication !== null && replication !== there.replication)
    warnings.push(
      `it has ${there.replication} replicas, ${String(replication)} are declared: rta moves none, kafka-reassign-partitions.sh does`,
    );
  const wanted = declared === null ? {} : { ...forgotten(observed.deployed.get(name), spec), ...spec.config };
  const policy = there.config['cleanup.policy'] ?? 'delete';
  if (role === 'sink' && declared === null && spec.config?.['cleanup.policy'] === 'compact' && !policy.includes('compact'))
    warnings.push(`a table goes there, and it is not compacted: older rows are deleted by age; declare it with \`cleanup: compact\``);
  return item({ warnings, ...configured(name, wanted, there, observed.deployed.get(name), records) });
}

/** A topic of the pipeline's own. Its partitions are right: else the pipeline is rebuilt. */
export function ownTopicItem(desired: DesiredTopic, observed: ObservedTopics): TopicItem {
  const { spec, role, pipelines } = desired;
  const item: TopicItem = { ...itemOf('topic', spec.name, role, pipelines), kind: 'topic', action: null };
  const there = observed.topics.get(spec.name);
  if (there === undefined) return { ...item, ...created(spec, ['cleanup.policy']) };
  return { ...item, ...configured(spec.name, spec.config ?? {}, there, spec.config, 'never') };
}

/** @param names of the settings that are shown; default: all */
function created(spec: TopicSpec, names = Object.keys(spec.config ?? {})): Partial<TopicItem> {
  const replication = spec.replication === undefined ? [] : [`replication ${spec.replication}`];
  const config = names.flatMap((key) => (spec.config?.[key] === undefined ? [] : [`${key} ${shown(key, spec.config[key])}`]));
  return {
    change: 'create',
    reasons: ['it does not exist'],
    diff: [{ sign: '+', text: [`partitions ${spec.partitions}`, ...replication, ...config].join(', ') }],
    action: { do: 'create', spec },
  };
}

function otherPartitions(
  { spec, role, declared }: DesiredTopic,
  there: TopicDescription,
  records: 'never' | 'empty' | 'some',
): Partial<TopicItem> {
  const count = declared?.partitions ?? there.partitions;
  const diff: DiffLine[] = [{ sign: '~', text: `partitions ${there.partitions} → ${count}` }];
  if (records === 'never')
    return {
      change: 'update',
      needs: 'destructive',
      reasons: ['it is deleted and made anew: it never had a record'],
      diff: [...diff, ...settingsMadeAnew(spec, there)],
      action: { do: 'remake', spec, before: { name: spec.name, partitions: there.partitions, config: there.config, ...(there.replication === null ? {} : { replication: there.replication }) } }, // prettier-ignore
    };
  const why =
    count < there.partitions
      ? 'partitions cannot be taken away from a topic'
      : 'its keys would go to other partitions than their records of before, so that what belongs together would be split';
  const other = `${spec.name}-${count}p`;
  return {
    change: 'breaking',
    reasons: [`it has ${there.partitions} partitions, ${count} are declared: ${why}`],
    diff,
    advice:
      role === 'source'
        ? [
            `declare \`partitions: ${there.partitions}\``,
            `or make ${other} with ${count}, let producers write there, and read it as a source of its own (the pipeline is rebuilt)`,
          ]
        : [
            `declare \`partitions: ${there.partitions}\``,
            `or write to a new topic, ${other}; let its readers move, then take the old one away`,
          ],
  };
}

/** Settings that were declared when it was last deployed, and are not any more: they go back to the broker's. */
function forgotten(deployed: Readonly<Record<string, string>> | undefined, spec: TopicSpec): Record<string, null> {
  const names = Object.keys(deployed ?? {}).filter((key) => spec.config?.[key] === undefined);
  return Object.fromEntries(names.map((key) => [key, null]));
}

/** @param deployed what was set when it was last deployed; undefined: it never was */
function configured(
  name: string,
  wanted: Readonly<Record<string, string | null>>,
  there: TopicDescription,
  deployed: Readonly<Record<string, string>> | undefined,
  records: 'never' | 'empty' | 'some',
): Partial<TopicItem> {
  const changed = Object.entries(wanted).filter(([key, value]) => (there.config[key] ?? null) !== value);
  if (changed.length === 0) return {};
  const drifts = changed.filter(([key, value]) => value !== null && deployed?.[key] === value).map(([key]) => key);
  const losses = records === 'some' ? changed.flatMap(([key, value]) => lossOf(key, value, there.config)) : [];
  return {
    change: 'update',
    drifted: drifts.length > 0,
    needs: losses.length > 0 ? 'destructive' : null,
    reasons: [...drifts.map((key) => `${key} was changed since it was deployed, and is set back`), ...losses],
    diff: changed.map(([key, value]) => settingLine(key, there.config[key] ?? null, value)),
    action: {
      do: 'configure',
      to: { name, config: Object.fromEntries(changed) },
      back: { name, config: Object.fromEntries(changed.map(([key]) => [key, there.config[key] ?? null])) },
    },
  };
}

/** What else is another when a topic is made anew: it has nothing of what was set on the one before. */
function settingsMadeAnew({ replication, config = {} }: TopicSpec, there: TopicDescription): DiffLine[] {
  const names = [...new Set([...Object.keys(there.config), ...Object.keys(config)])].sort();
  return [
    ...(replication === undefined || replication === there.replication
      ? []
      : [{ sign: '~' as const, text: `replication ${String(there.replication)} → ${replication}` }]),
    ...names.flatMap((key) => {
      const [before, after] = [there.config[key] ?? null, config[key] ?? null];
      return before === after ? [] : [settingLine(key, before, after)];
    }),
  ];
}

function settingLine(key: string, before: string | null, after: string | null): DiffLine {
  return { sign: '~', text: `${key} ${shown(key, before)} → ${shown(key, after)}` };
}

/** What brokers keep records for unless told otherwise. */
const BROKER_RETENTION_MS = 7 * 24 * 3_600_000;

/** What records a setting would cost. */
function lossOf(key: string, value: string | null, before: Readonly<Record<string, string>>): string[] {
  const policy = (before['cleanup.policy'] ?? 'delete').split(',');
  if (key === 'retention.ms' && policy.includes('delete')) {
    const [old, next] = [before[key], value].map((ms) =>
      ms === undefined || ms === null ? BROKER_RETENTION_MS : ms === '-1' ? Infinity : Number(ms),
    );
    return next < old ? [`records older than ${showDuration(next)} are deleted`] : [];
  }
  if (key !== 'cleanup.policy') return [];
  const next = (value ?? 'delete').split(',');
  return [
    ...(next.includes('compact') && !policy.includes('compact') ? ['of records of one key only the last one stays'] : []),
    ...(next.includes('delete') && !policy.includes('delete') ? ['records are deleted by age from now on'] : []),
  ];
}

function shown(key: string, value: string | null): string {
  if (value === null) return "the broker's";
  if (!key.endsWith('.ms')) return value;
  return value === '-1' ? 'for ever' : showDuration(Number(value));
}
