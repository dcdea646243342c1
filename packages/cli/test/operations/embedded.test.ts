/** Commands of operation on the embedded log. */
import { describe } from 'vitest';
import { dlqTests } from './dlq.js';
import { lagTests } from './lag.js';
import { resetTests } from './reset.js';
import { stateTests } from './state.js';

describe('on the embedded log', { timeout: 30_000 }, () => {
  lagTests(() => ({}));
  dlqTests(() => ({}));
  resetTests(() => ({}));
  stateTests(() => ({}));
});
