/** Pipelines of several sources, compiled from YAML, for the laws: the topics `one`, `two`, `three` hold the laws' own events. */
import { compile, type Plan, renderAll } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { KernelFactory } from '../../src/kernel/stage-kernel.js';
import { partitionOf } from '../../src/log/partitioner.js';
import type { Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser, someEvent } from './arbitrary.js';
import { type Event, EVENT_SCHEMA, rawOf } from './events.js';
import { recompute } from './recompute.js';
import { type LateReport, runPipeline, type RunResult } from './stage-runner.js';
import { finalRows } from './text.js';

const KEYED = ', key: user, format: { key: string, value: avro }';
const TABLE = `, kind: table${KEYED}`;

const TOPICS = ['one', 'two', 'three'] as const;

/** Events of each partition, by topic. */
export type Inputs = ReadonlyMap<string, readonly (readonly Event[])[]>;

/** Random events for the sources of a plan, each topic with one to three partitions; all watermarks agree in the end. */
export const inputsOf = (topics: readonly string[], event: fc.Arbitrary<Event> = someEvent, most = 14): fc.Arbitrary<Inputs> =>
  fc
    .record({
      counts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: topics.length, maxLength: topics.length }),
      events: fc.array(fc.tuple(event, fc.nat(2), fc.nat(topics.length - 1)), { maxLength: most * topics.length }),
      after: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 60 })),
    })
    .map(({ counts, events, after }) => {
      const end = Math.max(0, ...events.map(([e]) => e.at)) + after;
      return new Map(
        topics.map((topic, t) => [
          topic,
          Array.from({ length: counts[t] }, (_, partition): Event[] => [
            ...events.filter(([, p, to]) => to === t && p % counts[t] === partition).map(([e]) => e),
            { user: `end ${topic} ${partition}`, team: null, points: 0, bonus: null, amount: 0, at: end },
          ]),
        ]),
      );
    });

/** Compiles the `streams` and `sinks` of a pipeline whose sources are `one`, `two` and `three`, those of them that it names. */
export function planOf(
  text: string,
  lateness: Readonly<Record<string, number>> = {},
  tables: readonly string[] = [],
  isKeyed = false,
): Plan {
  const used = TOPICS.filter((topic) => new RegExp(`\\b${topic}\\b`).test(text));
  const sources = used.map(
    (name) =>
      `  ${name}: { topic: ${name}, schema: event, time: at, lateness: ${lateness[name] ?? 0}ms${tables.includes(name) ? TABLE : isKeyed ? KEYED : ''} }\n`,
  );
  const { plan, diagnostics } = compile({
    file: { path: 'law.yaml', text: `pipeline: law\nsources:\n${sources.join('')}${text}` },
    project: null,
    loadSchema: (name) => (name === 'event' ? { schema: EVENT_SCHEMA } : null),
    schemaNames: () => ['event'],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(renderAll(diagnostics, { colour: false }));
  return plan;
}

/** In the events of a table: the record has no value. */
export const GONE = 'gone';

/** All events of a user in one partition, as those of a table are. */
export function byUser(inputs: Inputs, topic: string): Inputs {
  const partitions = inputs.get(topic)!;
  const home = ({ user }: Event, p: number): number => (user.startsWith('end') ? p : user.codePointAt(0)! % partitions.length);
  const all = partitions.flatMap((events, p) => events.map((event) => ({ event, to: home(event, p) })));
  const ends = all.filter(({ event }) => event.user.startsWith('end'));
  const rest = all.filter(({ event }) => !event.user.startsWith('end'));
  return new Map([...inputs, [topic, partitions.map((_, p) => [...rest, ...ends].filter(({ to }) => to === p).map(({ event }) => event))]]);
}

/** The same events in as many partitions for each topic, where the partitioner of Kafka's Java clients puts them. */
export function copartitioned(inputs: Inputs): Inputs {
  const count = Math.max(...[...inputs.values()].map((partitions) => partitions.length));
  const homeOf = (user: string): number => partitionOf(Buffer.from(user), 0, Buffer.byteLength(user), count);
  return new Map(
    [...inputs].map(([topic, partitions]) => {
      const all = partitions.flat();
      const end = Math.max(...all.map(({ at }) => at));
      const rest = all.filter(({ user }) => !user.startsWith('end'));
      return [
        topic,
        Array.from({ length: count }, (_, partition): Event[] => {
          let user = `end ${topic}`;
          while (homeOf(user) !== partition) user += '.';
          return [...rest.filter((event) => homeOf(event.user) === partition), { ...all[0], user, points: 0, at: end }];
        }),
      ];
    }),
  );
}

function isTable(plan: Plan, topic: string): boolean {
  return plan.sources.some((source) => source.topic === topic && source.output.kind === 'table');
}

export interface Run {
  readonly seed: number;
  readonly downstreamPartitions: number;
  readonly restarts: boolean;
  readonly eviction?: boolean;
}

export const someRun: fc.Arbitrary<Run> = fc.record({
  seed: fc.integer(),
  downstreamPartitions: fc.constantFrom(1, 3),
  restarts: fc.boolean(),
  eviction: fc.boolean(),
});

export function run(plan: Plan, inputs: Inputs, { seed, ...variant }: Run, kernelOf: (stage: Stage) => KernelFactory): RunResult {
  return runPipeline({
    plan: planStages(plan),
    kernelOf,
    input: [],
    inputs: new Map(
      [...inputs].map(([topic, partitions]) => {
        const table = isTable(plan, topic);
        return [topic, partitions.map((events) => events.map((e) => (table && e.team === GONE ? { ...rawOf(e), value: null } : rawOf(e))))];
      }),
    ),
    choose: chooser(seed),
    steps: 80,
    preAggregation: true,
    ...variant,
  });
}

/** Final rows and late records are what the recomputation says. */
export function expectRecomputed(plan: Plan, inputs: Inputs, result: RunResult): void {
  const rows = new Map(
    [...inputs].map(([topic, partitions]) => [
      topic,
      partitions.map((events) =>
        events.map((event) =>
          isTable(plan, topic) && event.team === GONE
            ? { row: { user: event.user }, time: 0, deleted: true }
            : { row: { ...event }, time: event.at },
        ),
      ),
    ]),
  );
  const expected = recompute(plan, rows);
  expect(finalRows(plan, result.sinks)).toEqual(expected.sinks);
  expect(sorted(result.late)).toEqual(sorted(expected.late));
}

const sorted = (reports: readonly LateReport[]): string[] => reports.map((report) => JSON.stringify(report)).sort();
