import { didYouMean } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { Failure } from '../failure.js';

/** With the one that was probably meant. */
export async function unknownSubject(registry: SchemaRegistry, subject: string): Promise<Failure> {
  const subjects = await registry.subjects();
  return new Failure(
    'unknown_subject',
    `there is no subject ${subject} in the registry at ${registry.location}`,
    didYouMean(subject, subjects, (each) => each) ?? 'rta schema ls lists them',
  );
}
