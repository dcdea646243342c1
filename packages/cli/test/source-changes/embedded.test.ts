/** The schema of a source changes under pipelines on the embedded log. */
import { describe } from 'vitest';
import { sourceChangeTests } from './changes.js';
import { fieldUnderWorker, policiesUnderWorker } from './deployed.js';

describe('on the embedded log', { timeout: 180_000 }, () => {
  sourceChangeTests(() => ({}));
  fieldUnderWorker(() => ({}));
  policiesUnderWorker(() => ({}));
});
