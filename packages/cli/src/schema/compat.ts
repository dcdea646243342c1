import { COMPATIBILITY_LEVELS, isCompatibilityLevel } from '@rta/registry';
import { didYouMean } from '@rta/dsl';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { openRegistry, type RegistryOptions } from './open-registry.js';

interface CompatOptions extends RegistryOptions {
  readonly json?: boolean;
}

export const compatLevel: Action<CompatOptions> = async (context, [subject, wanted, ...more], options) => {
  if (more.length > 0) throw new UsageError('compat takes a subject and a level');
  const level = wanted?.toUpperCase();
  if (level !== undefined && !isCompatibilityLevel(level))
    throw new UsageError(
      `${wanted} is no level: ${didYouMean(level, COMPATIBILITY_LEVELS, (each) => each) ?? `there is ${COMPATIBILITY_LEVELS.join(', ')}`}`,
    );
  const registry = openRegistry(context, options);
  if (level !== undefined) await registry.setCompatibility(subject, level);
  const now = await registry.compatibility(subject);
  if (options.json === true) new NdjsonWriter(context.stdout, 'schema compat').write({ subject, level: now, set: level !== undefined });
  else context.stdout.write(`${subject}: ${now}\n`);
  return EXIT_CODES.ok.code;
};
