/**
 * What the state of a plan depends on, as fingerprints: whether a plan can go on with what another one has left is told by comparing these.
 *
 * - `layout` of a store: its place in the changelog, its bytes (state-layout.ts), and the operator that keeps it. With another layout the
 *   bytes would be read as something else.
 * - `input` of a store: everything that decides which rows get there, from the sources on. With another input the bytes can still be read,
 *   but rows of before were counted by other rules than rows of from now on.
 * - A repartition topic has both as well: rows may be on their way in it.
 * - `shape` of a sink: which rows are in it, and when; `rows`: what they look like as well.
 *
 * Names of steps, and what only people read, count for nothing; nor do `idle`, `maxDrift`, `start` and how often `emit: every` emits.
 */
import { createHash } from 'node:crypto';
import type { Plan } from '@rta/dsl';
import { layoutOf } from '../kernel/state-layout.js';
import { type Feed, feedsOf, type PhysicalPlan, type Stage, type StageInput, type StageNode } from './physical.js';

/** A store, or a repartition topic. */
interface KeptState {
  /** `0-changelog:0` (store 0 of stage 0), `1-repartition`: without the application id. */
  readonly name: string;
  /** The logical step, for people; null: of a repartition topic. */
  readonly step: string | null;
  readonly layout: string;
  readonly input: string;
}

interface SinkIdentity {
  readonly topic: string;
  readonly table: boolean;
  readonly shape: string;
  readonly rows: string;
}

export interface PlanIdentity {
  readonly kept: readonly KeptState[];
  readonly sinks: readonly SinkIdentity[];
}

export function planIdentity(plan: PhysicalPlan): PlanIdentity {
  const closures = new Closures(plan);
  const kept = plan.stages.flatMap((stage) => [
    ...stage.inputs.flatMap((input, i) => (input.kind === 'repartition' ? [closures.repartition(stage, input.topic, i)] : [])),
    ...stage.stores.map((_, store) => closures.store(stage, store)),
  ]);
  const sinks = plan.stages.flatMap((stage) =>
    stage.nodes.flatMap((node) => {
      if (node.op !== 'sink') return [];
      const output = stage.outputs[node.output];
      if (output.kind !== 'sink') return [];
      const { topic, table } = output;
      const key = hash([output.key, output.keyFormat, output.format]);
      return [{ topic, table, shape: hash([key, closures.shapes(stage, node)]), rows: hash([key, closures.feeds(stage, node)]) }];
    }),
  );
  return { kept, sinks };
}

class Closures {
  private readonly known = new Map<string, string>();

  constructor(private readonly plan: PhysicalPlan) {}

  store(stage: Stage, store: number): KeptState {
    const node = stage.nodes[stage.stores[store].node];
    const layout = hash([stage.stores[store].kind, layoutOf(stage, store).fingerprint, own(node)]);
    return { name: `${stage.id}-changelog:${store}`, step: node.step, layout, input: hash([this.feeds(stage, node), graceOf(node)]) };
  }

  repartition(stage: Stage, topic: string, input: number): KeptState {
    const [from, node] = this.sender(stage, topic);
    const name = `${stage.id}-${input === 0 ? '' : `${input}-`}repartition`;
    return { name, step: null, layout: hash([own(node), node.columns]), input: hash([this.feeds(from, node), graceOf(node)]) };
  }

  /** All that comes into a node. */
  feeds(stage: Stage, node: StageNode): string {
    return hash(feedsOf(node).map((feed) => this.feed(stage, feed)));
  }

  /** The same of a sink, but for what rows look like: columns that are derived at the end, and the results of the fold before. */
  shapes(stage: Stage, node: StageNode): string[] {
    return feedsOf(node).flatMap((feed): string[] => {
      if ('input' in feed) return [this.feed(stage, feed)];
      const fed = stage.nodes[feed.node];
      if (fed.op === 'project') return this.shapes(stage, fed);
      return [fed.op === 'fold' ? hash([own(fed), graceOf(fed), this.feeds(stage, fed)]) : this.feed(stage, feed)];
    });
  }

  private feed(stage: Stage, feed: Feed): string {
    const key = `${stage.id} ${JSON.stringify(feed)}`;
    let found = this.known.get(key);
    if (found === undefined) this.known.set(key, (found = 'input' in feed ? this.input(stage, stage.inputs[feed.input]) : this.node(stage, stage.nodes[feed.node]))); // prettier-ignore
    return found;
  }

  private node(stage: Stage, node: StageNode): string {
    const transform = 'transform' in node ? node.transform : null;
    return hash([node.op, 'mode' in node ? node.mode : null, transform, node.inputKey, node.key, this.feeds(stage, node)]);
  }

  private input(stage: Stage, input: StageInput): string {
    if (input.kind === 'repartition') return this.node(...this.sender(stage, input.topic));
    const { topic, format, keyFormat, key, keyAdds, checkKey, time, latenessMs, maxAheadMs, table } = input;
    return hash({ topic, format, keyFormat, key, keyAdds, checkKey, time, latenessMs, maxAheadMs, table });
  }

  private sender(stage: Stage, topic: string): [Stage, StageNode] {
    for (const from of this.plan.stages)
      for (const node of from.nodes) {
        const output = 'output' in node && node.output !== null ? from.outputs[node.output] : undefined;
        if (output?.kind === 'repartition' && output.topic === topic) return [from, node];
      }
    throw new Error(`nothing is sent to ${topic}, which stage ${stage.id} reads`);
  }
}

/** What a node does to state, whatever comes in. */
function own(node: StageNode): unknown {
  const mode = 'mode' in node ? node.mode : null;
  switch (node.op) {
    case 'fold': {
      const { results: _results, window, group, ...rest } = node.transform;
      const { graceMs: _grace, ...windowed } = window ?? { graceMs: 0 };
      return [node.op, mode, rest, window === null ? null : windowed, group.map(({ expr }) => expr)];
    }
    case 'over': {
      const { columns: _columns, ...rest } = node.transform;
      return [node.op, mode, rest];
    }
    default:
      return [node.op, mode, 'transform' in node ? node.transform : null];
  }
}

/** How long late rows are waited for. */
function graceOf(node: StageNode): number {
  return node.op === 'fold' ? (node.transform.window?.graceMs ?? 0) : 0;
}

/** Of how a plan runs: where it stands, how it is written, and its tests count for nothing. @param modules see `DeployedSource` */
export function planFingerprint({ path: _path, tests: _tests, ...plan }: Plan, modules: Readonly<Record<string, string>>): string {
  return hash([plan, modules], FOR_PEOPLE);
}

/** What only people read, and where a module is on this machine. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(['span', 'text', 'module', 'call']);
/** How often rows go out, and where late records go, as well. */
const NO_STATE: ReadonlySet<string> = new Set([...FOR_PEOPLE, 'everyMs', 'late']);

function hash(of: unknown, without = NO_STATE): string {
  const text = JSON.stringify(of, (key, value: unknown) => {
    if (without.has(key)) return undefined;
    if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
    return value;
  });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
