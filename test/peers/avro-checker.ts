/** Avro's own verdicts: its Java library's `SchemaCompatibility`, asked by `AvroCompatibility.java`. */
import type { CompatibilityLevel } from '@rta/registry';
import type { ProgramSource } from '@rta/tools';
import { answersOf } from './java-driver.js';
import type { AvroSchema } from './schema-histories.js';

export const AVRO_CHECKER: ProgramSource = {
  name: 'Avro compatibility checker',
  artifacts: ['org.apache.avro:avro:1.12.0', 'org.slf4j:slf4j-simple:1.7.36'],
  directory: import.meta.dirname,
  files: ['AvroCompatibility.java'],
  options: ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
};

export interface Pair {
  readonly reader: AvroSchema;
  readonly writer: AvroSchema;
}

/** What Avro says of a pair; `refuses`: one of the two is no schema to it, or it fails over them. */
export type AvroVerdict =
  | { readonly compatible: boolean; readonly why: readonly { readonly type: string; readonly location: string }[] }
  | { readonly refuses: string };

/** Avro's verdict on each pair, in order. */
export function avroVerdicts(pairs: readonly Pair[]): Promise<readonly AvroVerdict[]> {
  return answersOf(AVRO_CHECKER, pairs);
}

/** The pairs whose verdicts say whether the last of a history may follow the others (oldest first) under a level. */
export function pairsOf(history: readonly AvroSchema[], level: CompatibilityLevel): readonly Pair[] {
  const next = history[history.length - 1];
  const earlier = history.slice(level.endsWith('_TRANSITIVE') ? 0 : -2, -1);
  if (level === 'NONE') return [];
  return earlier.flatMap((before) => [
    ...(level.startsWith('FORWARD') ? [] : [{ reader: next, writer: before }]),
    ...(level.startsWith('BACKWARD') ? [] : [{ reader: before, writer: next }]),
  ]);
}
