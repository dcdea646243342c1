export { serveHttp, type HttpOptions, type HttpSide } from './server.js';
export { Deliverer, OlapStore, TableSink } from './sinks/index.js';
export type { ServedPipeline } from './served-pipeline.js';
