export { Notifier } from './alerts/notifier.js';
export { serveHttp, type HttpOptions, type HttpSide } from './server.js';
export type { ServedPipeline } from './served-pipeline.js';
export type { CollectSettings } from './collect/collector.js';
export { answerFromLog } from './query/answer-from-log.js';
export type { Answer } from './query/answer.js';
export type { QueryText } from './query/selection.js';
export { Refused } from './refused.js';
export type { ConsoleSource } from './console/console.js';
