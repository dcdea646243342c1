/** Whether a schema file may be registered. */
import { levelProblems, type CompatibilityLevel, type EarlierVersion, type SchemaRegistry, type VersionProblem } from '@rta/registry';
import type { Diagnostic } from '@rta/dsl';
import type { Registrable } from './files.js';
import { placeOf } from './place.js';

export interface FileJudgement extends Registrable {
  /** `create` the subject, `unchanged`: there already, `update`: a compatible new version, `incompatible`. */
  readonly decision: 'create' | 'unchanged' | 'update' | 'incompatible';
  /** Of the schema, where it is registered. */
  readonly id: number | null;
  readonly level: CompatibilityLevel;
  /** The latest; null: none yet. */
  readonly latest: number | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Asks the registry and decides; changes nothing. Rejects with RegistryError. */
export async function judgeFile(registry: SchemaRegistry, registrable: Registrable): Promise<FileJudgement> {
  const { file, schema, subject } = registrable;
  const [level, numbers] = [await registry.compatibility(subject), await registry.versions(subject)];
  const judged = { ...registrable, level, latest: numbers.at(-1) ?? null, id: null, diagnostics: [] };
  const id = await registry.lookup(subject, schema);
  if (id !== null) return { ...judged, decision: 'unchanged', id };
  if (numbers.length === 0) return { ...judged, decision: 'create' };
  const problems = levelProblems(schema, await versionsOf(registry, subject, numbers, level), level);
  // A registry has rules of its own, and its word counts.
  const theirs = problems.length > 0 ? [] : (await registry.check(subject, schema)).messages;
  const diagnostics = [
    ...problems.map((problem) => diagnosticOf(judged, problem)),
    ...theirs.map((message): Diagnostic => ({
      code: 'registry',
      severity: 'error',
      span: placeOf(file.source, ''),
      message: `${subject}: ${message}`,
    })),
  ];
  return { ...judged, decision: diagnostics.length > 0 ? 'incompatible' : 'update', diagnostics };
}

async function versionsOf(
  registry: SchemaRegistry,
  subject: string,
  numbers: readonly number[],
  level: CompatibilityLevel,
): Promise<EarlierVersion[]> {
  // prettier-ignore
  const earlier: EarlierVersion[] = [];
  for (const number of level.endsWith('_TRANSITIVE') ? numbers : numbers.slice(-1)) {
    const found = await registry.version(subject, number);
    if (found !== null) earlier.push(found);
  }
  return earlier;
}

function diagnosticOf({ file, subject, level }: Pick<FileJudgement, 'file' | 'subject' | 'level'>, problem: VersionProblem): Diagnostic {
  const { direction, version, path, rule, message, fix, writerFix } = problem;
  const who =
    direction === 'backward' ? `data of version ${version} cannot be read` : `readers of version ${version} cannot read the new data`;
  return {
    code: rule,
    severity: 'error',
    span: placeOf(file.source, path),
    message: `${subject} is ${level}: ${who}: ${message}`,
    help: direction === 'backward' ? fix : writerFix,
  };
}
