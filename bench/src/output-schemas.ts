import type { AvroSchema } from '@rta/dsl';
import { confluentRegistry } from '@rta/registry';
import type { OutputFields, Workload } from './workloads/workload.js';

/** Registers the schemas of a workload's output for a topic; resolves to their ids. */
export async function registerOutput(
  registryUrl: string,
  topic: string,
  { output }: Workload,
): Promise<{ keyId: number; valueId: number }> {
  const registry = confluentRegistry({ url: registryUrl });
  return {
    keyId: await registry.register(`${topic}-key`, recordOf('RowKey', output.key)),
    valueId: await registry.register(`${topic}-value`, recordOf('Row', output.value)),
  };
}

function recordOf(name: string, fields: OutputFields): AvroSchema {
  return { type: 'record', name, fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })) };
}
