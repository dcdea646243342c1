/** Commands of operation on the embedded log. */
import { describe } from 'vitest';
import { lagTests } from './lag.js';

describe('on the embedded log', { timeout: 30_000 }, () => {
  lagTests(() => ({}));
});
