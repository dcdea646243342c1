/** Pipelines in TypeScript: what users import. */
export { pipeline, type Pipeline, type PipelineOptions } from './pipeline.js';
export { stream, type Group, type Readable, type Stream } from './stream.js';
export type * from './settings.js';
