import type { ProjectFile } from '@rta/dsl';
import { backendSettings, hasEmbeddedLog, openBackend, type Backend, type BackendOptions } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';

/** As `openBackend`, for commands that only look: makes no embedded log. Rejects with Failure `no_log` where there is none. */
export async function openExistingBackend(context: CliContext, options: BackendOptions, project: ProjectFile | null): Promise<Backend> {
  const { kafka, directory } = backendSettings(context, options, project);
  if (kafka === null && !hasEmbeddedLog(directory))
    throw new Failure(
      'no_log',
      `there is no embedded log in ${directory}`,
      'for Kafka say --brokers or KAFKA_BROKERS; rta run makes an embedded log',
    );
  return openBackend(context, options, project, { onWarning: (message) => context.stderr.write(`warning: ${message}\n`) });
}
