export { sinkReader } from './topic-rows.js';
export { replayAlerts, type Recorded } from './replay-alerts.js';
export { openTestBench, type TestBench, type TestOutcome } from './test-bench.js';
export type { TestFailure } from './judge.js';
export { showFailure, showValue } from './show-failure.js';
