/** What each compatibility level asks of a new version. */
import type { AvroSchema } from '@rta/dsl';
import { parseSchema } from './avro/parse.js';
import { nodeProblems, sentence, type CompatibilityProblem } from './compatibility.js';
import type { CompatibilityCheck, CompatibilityLevel } from './registry.js';

/** A version that a new schema is compared with. */
export interface EarlierVersion {
  readonly version: number;
  readonly schema: AvroSchema;
}

/**
 * Whether `next` may follow `earlier` (ascending) under a level. Messages say the direction, version, place and fix. Throws RegistryError
 * `invalid_schema` for `next` or an earlier one.
 */
export function checkCompatibility(next: AvroSchema, earlier: readonly EarlierVersion[], level: CompatibilityLevel): CompatibilityCheck {
  const messages = levelProblems(next, earlier, level).map(versionSentence);
  return { compatible: messages.length === 0, messages };
}

/** A problem with one earlier version. */
export interface VersionProblem extends CompatibilityProblem {
  readonly version: number;
  /** `backward`: the new schema cannot read that version's data; `forward`: that version's readers cannot read the new data. */
  readonly direction: 'backward' | 'forward';
}

/** As `checkCompatibility`, the problems one by one. */
export function levelProblems(next: AvroSchema, earlier: readonly EarlierVersion[], level: CompatibilityLevel): VersionProblem[] {
  const node = parseSchema(next);
  if (level === 'NONE') return [];
  const compared = level.endsWith('_TRANSITIVE') ? [...earlier].reverse() : earlier.slice(-1);
  return compared.flatMap(({ version, schema }) => {
    const before = parseSchema(schema);
    const found = (direction: VersionProblem['direction'], problems: readonly CompatibilityProblem[]): VersionProblem[] =>
      problems.map((problem) => ({ ...problem, version, direction }));
    return [
      ...(level.startsWith('FORWARD') ? [] : found('backward', nodeProblems(node, before))),
      ...(level.startsWith('BACKWARD') ? [] : found('forward', nodeProblems(before, node))),
    ];
  });
}

/** Direction, version, problem and fix in one line. */
export function versionSentence(problem: VersionProblem): string {
  return problem.direction === 'backward'
    ? `data of version ${problem.version} cannot be read: ${sentence(problem)}`
    : `readers of version ${problem.version} cannot read the new data: ${sentence(problem, 'writer')}`;
}
