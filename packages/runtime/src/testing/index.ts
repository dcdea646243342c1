export { openTestBench, type TestBench, type TestFailure, type TestOutcome } from './test-bench.js';
export { showFailure, showValue } from './show-failure.js';
