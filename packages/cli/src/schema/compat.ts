import { COMPATIBILITY_LEVELS, isCompatibilityLevel } from '@rta/registry';
import { didYouMean } from '@rta/dsl';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { openRegistry, type RegistryOptions } from './open-registry.js';

interface CompatOptions extends RegistryOptions {
  /** Of the registry: there is no subject then. */
  readonly default?: boolean;
  readonly json?: boolean;
}

export const compatLevel: Action<CompatOptions> = async (context, names, options) => {
  const ofAll = options.default === true;
  const [subject, wanted, ...more] = ofAll ? ['', ...names] : names;
  if (more.length > 0) throw new UsageError(ofAll ? '--default takes a level and no subject' : 'compat takes a subject and a level');
  if (!ofAll && names.length === 0) throw new UsageError('compat takes a subject, or --default');
  const level = wanted?.toUpperCase();
  if (level !== undefined && !isCompatibilityLevel(level))
    throw new UsageError(
      `${wanted} is no level: ${didYouMean(level, COMPATIBILITY_LEVELS, (each) => each) ?? `there is ${COMPATIBILITY_LEVELS.join(', ')}`}`,
    );
  const registry = openRegistry(context, options);
  if (level !== undefined) await (ofAll ? registry.setDefaultCompatibility(level) : registry.setCompatibility(subject, level));
  const now = await (ofAll ? registry.defaultCompatibility() : registry.compatibility(subject));
  if (options.json === true)
    new NdjsonWriter(context.stdout, 'schema compat').write({ subject: ofAll ? null : subject, level: now, set: level !== undefined });
  else context.stdout.write(`${ofAll ? 'subjects without a level of their own' : subject}: ${now}\n`);
  return EXIT_CODES.ok.code;
};
