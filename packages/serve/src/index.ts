export { serveHttp, type HttpOptions, type HttpSide } from './server.js';
export type { ServedPipeline } from './served-pipeline.js';
export type { ConsoleSource } from './console/console.js';
