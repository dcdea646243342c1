import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import type { preHandlerAsyncHookHandler } from 'fastify';
import type { ServedPipeline } from './served-pipeline.js';

/** What routes need that answer from topics and schemas. */
export interface AskedOfLog {
  readonly pipelines: readonly ServedPipeline[];
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Lets those through that may read. */
  readonly guard: preHandlerAsyncHookHandler;
}
