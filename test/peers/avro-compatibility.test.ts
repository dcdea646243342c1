/**
 * Made-up histories of schemas, judged by us, by Avro's own checker (Java), by a real registry (Apicurio) and by the embedded one: the verdicts are equal but for the
 * documented differences, which are run here too. PEER_SEED says which histories.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codecFor, COMPATIBILITY_LEVELS, levelProblems, resolutionProblems, serveRegistry, type CompatibilityLevel, type CompatibilityRule } from '@rta/registry'; // prettier-ignore
import { available, missingFor, startRegistry, type RegistryServer } from '@rta/tools';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AVRO_CHECKER, avroVerdicts, pairsOf, type AvroVerdict, type Pair } from './avro-checker.js';
import { PAIR_DIFFERENCES, SCHEMA_DIFFERENCES } from './avro-differences.js';
import { compatibilityEndpoint } from './compatibility-endpoint.js';
import { histories, type AvroSchema } from './schema-histories.js';

const SEED = Number(process.env['PEER_SEED'] ?? 20_778);
/** Three versions each, the last of which is judged: 200 pairs with the version before it, as many with the first, in both directions. */
const HISTORIES = fc.sample(histories(3), { seed: SEED, numRuns: 200 });
/** What we refuse and Avro does not. */
const OURS: ReadonlySet<CompatibilityRule> = new Set(['decimal', 'logical_type', 'alias']);

const missing = missingFor(AVRO_CHECKER);
if (missing.length > 0) process.stderr.write(`\nLEFT OUT: the comparison with Avro's checker. ${missing.join('. ')}\n\n`);
const noRegistry = available().registry;
if (noRegistry.length > 0) process.stderr.write(`\nLEFT OUT: the comparison with a real registry. ${noRegistry.join('. ')}\n\n`);

/** Our verdict under a level, of Avro's rules alone and of all. */
function ours(history: readonly AvroSchema[], level: CompatibilityLevel): { readonly ofAvro: boolean; readonly all: boolean } {
  const earlier = history.slice(0, -1).map((schema, i) => ({ version: i + 1, schema }));
  const problems = levelProblems(history[history.length - 1], earlier, level);
  return { ofAvro: problems.every(({ rule }) => OURS.has(rule)), all: problems.length === 0 };
}

const directory = mkdtempSync(join(tmpdir(), 'rta-peers-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe.skipIf(missing.length > 0)(`Avro's checker and ours (PEER_SEED=${SEED})`, () => {
  const pairs = HISTORIES.flatMap((history) => pairsOf(history, 'FULL_TRANSITIVE'));
  const asked: readonly Pair[] = [
    ...pairs,
    ...PAIR_DIFFERENCES,
    ...SCHEMA_DIFFERENCES.map(({ schema }) => ({ reader: schema, writer: schema })),
  ];
  let verdicts: ReadonlyMap<Pair, AvroVerdict>;
  beforeAll(async () => {
    const answers = await avroVerdicts(asked);
    verdicts = new Map(asked.map((pair, i) => [pair, answers[i]]));
  }, 300_000);

  it('agree on every pair of versions, in both directions', () => {
    const counts = { compatible: 0, incompatible: 0, oursAlone: 0 };
    for (const pair of pairs) {
      const problems = resolutionProblems(pair.reader, pair.writer);
      const compatible = problems.every(({ rule }) => OURS.has(rule));
      expect(verdicts.get(pair), JSON.stringify({ ...pair, problems })).toMatchObject({ compatible });
      counts[problems.length === 0 ? 'compatible' : compatible ? 'oursAlone' : 'incompatible']++;
    }
    // Pairs that are all of one verdict would prove nothing.
    expect(Math.min(counts.compatible, counts.incompatible)).toBeGreaterThan(200);
    expect(counts.oursAlone).toBeGreaterThan(10);
  });

  it.each(COMPATIBILITY_LEVELS)('agree on every third version under %s', (level) => {
    const byText = new Map(pairs.map((pair) => [JSON.stringify([pair.reader, pair.writer]), verdicts.get(pair)]));
    for (const history of HISTORIES) {
      const theirs = pairsOf(history, level).map(({ reader, writer }) => byText.get(JSON.stringify([reader, writer])));
      expect(ours(history, level).ofAvro, JSON.stringify(history)).toBe(theirs.every((each) => each !== undefined && 'compatible' in each && each.compatible)); // prettier-ignore
    }
  });

  it.each(PAIR_DIFFERENCES.map((each) => [each.name, each] as const))('differ over %s', (_name, pair) => {
    expect(verdicts.get(asked.find((each) => each === pair)!)).toHaveProperty(pair.avro);
    expect(resolutionProblems(pair.reader, pair.writer).map(({ rule }) => rule)).toEqual([pair.rule]);
  });

  it.each(SCHEMA_DIFFERENCES.map((each, i) => [each.name, each, i] as const))('differ over %s', (_name, { schema, valid }, i) => {
    const verdict = verdicts.get(asked[pairs.length + PAIR_DIFFERENCES.length + i]);
    expect(verdict).toHaveProperty(valid === 'here' ? 'refuses' : 'compatible');
    const parse = (): unknown => codecFor(schema);
    if (valid === 'here') expect(parse).not.toThrow();
    else expect(parse).toThrow();
  });
});

/** Asks a registry for every history under every level. @param kind which of our verdicts it should give */
async function expectSameVerdicts(url: string, kind: 'ofAvro' | 'all'): Promise<void> {
  const endpoint = compatibilityEndpoint(url);
  await severalAtOnce((history, subject) => endpoint.register(subject, history.slice(0, -1)));
  let agreed = 0;
  for (const level of COMPATIBILITY_LEVELS) {
    await endpoint.setLevel(level);
    await severalAtOnce(async (history, subject) => {
      const expected = ours(history, level)[kind];
      expect(await endpoint.verdict(subject, history[history.length - 1], level), `${level}: ${JSON.stringify(history)}`).toBe(expected);
      if (expected) agreed++;
    });
  }
  expect(agreed).toBeGreaterThan(HISTORIES.length * 2);
}

async function severalAtOnce(work: (history: readonly AvroSchema[], subject: string) => Promise<void>): Promise<void> {
  const left = [...HISTORIES.entries()];
  const one = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await work(next[1], `s${next[0]}-value`);
  };
  await Promise.all(Array.from({ length: 6 }, one));
}

it('the embedded registry, served, gives our verdicts over its compatibility endpoint', { timeout: 300_000 }, async () => {
  const server = await serveRegistry({ directory, port: 0 });
  try {
    await expectSameVerdicts(server.url, 'all');
  } finally {
    await server.close();
  }
});

describe.skipIf(noRegistry.length > 0)('a real registry', () => {
  let server: RegistryServer | null = null;
  beforeAll(async () => {
    server = await startRegistry();
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
  });

  it('gives the same verdicts over its compatibility endpoint, but for what is ours alone', { timeout: 300_000 }, async () => {
    await expectSameVerdicts(server!.url, 'ofAvro');
  });
});
