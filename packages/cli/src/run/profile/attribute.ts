/** What the time of a profile went to: the steps of the pipelines, and the parts of the engine around them. */
import { kernelOf, nodesOfLines, type PhysicalPlan } from '@rta/runtime';
import type { SampledProfile } from './sampler.js';

/** A line of the result. */
export interface Part {
  /** What is done: `compute` for what a step's own code does, else a part of the engine. */
  readonly part: string;
  /** Null where it is done for all. */
  readonly pipeline: string | null;
  readonly step: string | null;
  readonly ms: number;
}

export interface TimeSpent {
  readonly samples: number;
  /** From the first sample to the last. */
  readonly totalMs: number;
  /** Of it: nothing was to be done. */
  readonly idleMs: number;
  /** Of the rest, the largest first. */
  readonly parts: readonly Part[];
}

const READING = 'read records';

/** Names of frames that are no functions, and paths of scripts, with what they do; the first that fits. */
const FRAMES: readonly (readonly [RegExp, string])[] = [
  [/^\(garbage collector\)$/, 'collect garbage'],
  [/^\((program|root)\)$/, 'native code: LevelDB, compression, the system'],
];
const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [
    /\/kernel\/run\/(avro-cursor|csv|json|strings|default-value|skipper|value-reader|bytes|receive)|\/log\/batch\/(?!batch-builder|crc)/,
    READING,
  ],
  [/\/log\/batch\/|\/kernel\/run\/(value-writer|scratch|sum-codec)/, 'write records: changelogs, repartitions, sinks'],
  [/\/kernel\/run\/rank-/, 'topK: boards'],
  [/\/kernel\/run\/(over|sliding)/, 'over, sliding windows: rows'],
  [/\/kernel\/run\/session/, 'sessions: chains'],
  [/\/kernel\/run\/(.*join|foreign|refer|evictable|waiting|sides\/)/, 'joins, dedupe: rows'],
  [/\/runtime\/[^/]+\/kernel\/run\/|\/runtime\/[^/]+\/state\/group-table/, 'aggregates: tables'],
  [/\/runtime\/[^/]+\/kernel\//, 'compile kernels'],
  [/\/runtime\/[^/]+\/state\/|\/state-rocks\/|classic-level|abstract-level/, 'state stores'],
  [/\/runtime\/[^/]+\/log\/embedded\//, 'embedded log'],
  [/\/runtime\/[^/]+\/log\/|\/kafkajs\//, 'Kafka client'],
  [/\/runtime\/[^/]+\/task\//, 'tasks: assign, commit, watermarks'],
  [/\/registry\/|kafkajs-confluent-schema-registry|\/avsc\//, 'schema registry'],
  [/^node:/, 'Node.js: sockets, files, timers'],
];
const OTHER = 'reports, and everything else';

/** @param plans those that ran */
export function timeSpent({ profile, sources }: SampledProfile, plans: readonly (readonly [pipeline: string, PhysicalPlan])[]): TimeSpent {
  const micros = microsByNode(profile);
  const lines = new Map([...sources].map(([id, source]) => [id, nodesOfLines(source)]));
  const spent = new Map<string, { -readonly [K in keyof Part]: Part[K] }>();
  let idleMs = 0;
  const add = (part: string, pipeline: string | null, step: string | null, ms: number): void => {
    const key = `${pipeline ?? ''}\n${step ?? ''}\n${part}`;
    const known = spent.get(key);
    if (known === undefined) spent.set(key, { part, pipeline, step, ms });
    else known.ms += ms;
  };
  for (const { id, callFrame, positionTicks = [] } of profile.nodes) {
    const ms = (micros.get(id) ?? 0) / 1000;
    if (ms === 0) continue;
    if (callFrame.functionName === '(idle)') {
      idleMs += ms;
      continue;
    }
    const kernel = kernelOf(callFrame.url);
    if (kernel === null) {
      add(partOf(callFrame), null, null, ms);
      continue;
    }
    const { pipeline, stage } = kernel;
    const nodes = plans.find(([name]) => name === pipeline)?.[1].stages.find((one) => one.id === stage)?.nodes;
    const all = positionTicks.reduce((sum, { ticks }) => sum + ticks, 0);
    for (const { line, ticks } of all > 0 ? positionTicks : [{ line: callFrame.lineNumber + 1, ticks: 1 }]) {
      const node = lines.get(callFrame.scriptId)?.[line] ?? null;
      const share = (ms * ticks) / Math.max(1, all);
      if (node === null) add(READING, pipeline, null, share);
      else add('compute', pipeline, nodes?.[node].step ?? String(node), share);
    }
  }
  return {
    samples: profile.samples?.length ?? 0,
    totalMs: [...micros.values()].reduce((sum, us) => sum + us, 0) / 1000,
    idleMs,
    parts: [...spent.values()].sort((a, b) => b.ms - a.ms),
  };
}

/** µs of its own of each node: a sample stands for the time until the next one. */
function microsByNode({ samples = [], timeDeltas = [], startTime, endTime }: SampledProfile['profile']): Map<number, number> {
  const micros = new Map<number, number>();
  let at = startTime;
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i];
    const until = i + 1 < samples.length ? timeDeltas[i + 1] : Math.max(0, endTime - at);
    micros.set(id, (micros.get(id) ?? 0) + Math.max(0, until));
  }
  return micros;
}

function partOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string {
  const of = (table: typeof FRAMES, text: string): string | undefined => table.find(([pattern]) => pattern.test(text))?.[1];
  return (url === '' ? of(FRAMES, functionName) : of(SCRIPTS, url.replaceAll('\\', '/'))) ?? OTHER;
}
