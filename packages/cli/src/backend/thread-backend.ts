/** What a worker thread works on: the same as the main thread, reached by connections of its own. */
import type { MessagePort } from 'node:worker_threads';
import { openKafkaLog, PortLog } from '@rta/runtime';
import { openRegistry, openStores, removeStateOf, type Backend, type BackendSettings } from './backend.js';

/** Rejects with LogError where there is no reaching it. */
export async function openThreadBackend(
  thread: { readonly backend: BackendSettings; readonly index: number; readonly logPort: MessagePort | null },
  warn: (message: string) => void,
): Promise<Pick<Backend, 'log' | 'registry' | 'stores' | 'removeState'>> {
  const { backend: settings, index, logPort } = thread;
  const registry = openRegistry(settings);
  const stores = openStores(settings.directory, index, warn);
  const removeState = (applicationId: string): Promise<void> => removeStateOf(settings.directory, index, applicationId);
  if (logPort !== null) return { log: new PortLog(logPort), registry, stores, removeState };
  if (settings.kafka === null) throw new Error('a worker thread has no way to the embedded log');
  return { log: await openKafkaLog({ ...settings.kafka, onWarning: warn }), registry, stores, removeState };
}
