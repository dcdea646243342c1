/** What differs between two schemas, and who can read whose data. */
import type { AvroSchema } from '@rta/dsl';
import {
  checkCompatibility,
  resolutionProblems,
  schemaChanges,
  type CompatibilityCheck,
  type CompatibilityLevel,
  type CompatibilityProblem,
  type EarlierVersion,
  type SchemaChange,
} from '@rta/registry';

interface Direction {
  readonly compatible: boolean;
  readonly problems: readonly CompatibilityProblem[];
}

interface SchemaComparison {
  readonly changes: readonly SchemaChange[];
  /** Whether the new one reads data of the old one. */
  readonly backward: Direction;
  /** Whether the old one reads data of the new one. */
  readonly forward: Direction;
}

/** @throws RegistryError `invalid_schema` */
export function compareSchemas(before: AvroSchema, after: AvroSchema): SchemaComparison {
  const direction = (problems: readonly CompatibilityProblem[]): Direction => ({ compatible: problems.length === 0, problems });
  return {
    changes: schemaChanges(before, after),
    backward: direction(resolutionProblems(after, before)),
    forward: direction(resolutionProblems(before, after)),
  };
}

/** Whether the one may follow the other under a level. @throws RegistryError `invalid_schema` */
export function levelVerdict(before: EarlierVersion, after: EarlierVersion, level: CompatibilityLevel): CompatibilityCheck {
  return checkCompatibility(after.schema, [before], level);
}
