export { openTestBench, type TestBench, type TestFailure, type TestOutcome } from './test-bench.js';
export { sinkReader } from './topic-rows.js';
export { showFailure, showValue } from './show-failure.js';
