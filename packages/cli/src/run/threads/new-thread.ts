import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts a thread of ours; from source by way of tsx, which a thread has to register anew. @param entry its module, without `.ts` or `.js` */
export function newThread(entry: URL, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`${entry.href}.js`), options);
  const tsx = import.meta.resolve('tsx/esm/api');
  const code = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(`${entry.href}.ts`)}); })`;
  return new Worker(code, { ...options, eval: true, execArgv: ['--conditions=source'] });
}
