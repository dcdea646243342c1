/** A transaction that times out between two commits loses what is in it: such settings are refused before anything is read. */
import { reportFigure } from '@rta/tools';
import { describe, expect, it } from 'vitest';
import { unique } from '../log/outputs.js';
import { onKafka, withoutCluster } from './backend.js';
import { compiled } from './project.js';

/** Brokers allow a quarter of an hour unless told otherwise (`transaction.max.timeout.ms`). */
const ALLOWED_MS = 900_000;

describe.skipIf(withoutCluster)('the transaction timeout', () => {
  const backend = onKafka();
  const plan = () => {
    const source = unique('timeouts');
    return compiled(`pipeline: ${source}
source: { topic: ${source}-in, schema: user_score, time: event_time_millis }
steps:
  - filter: score > 10
sink: { topic: ${source}-out }
`);
  };

  it('is refused when too short for the commits, or longer than the brokers allow, and said to be so', async () => {
    await expect(backend.worker(plan(), { transactionTimeoutMs: 5_000, maxCommitIntervalMs: 1_000 })).rejects.toMatchObject({
      code: 'transaction_timeout',
      message: expect.stringContaining('at least 10000 ms') as string,
      retriable: false,
    });
    const began = performance.now();
    await expect(backend.runToEnd(plan(), { transactionTimeoutMs: ALLOWED_MS + 1 })).rejects.toMatchObject({
      code: 'log_failed',
      message: expect.stringContaining(`a transaction timeout of ${ALLOWED_MS + 1} ms is above`) as string,
      retriable: false,
    });
    const refusedMs = Math.round(performance.now() - began);
    await backend.runToEnd(plan(), { transactionTimeoutMs: ALLOWED_MS });
    reportFigure(
      'transaction-timeout',
      `5,000 ms for commits 1,000 ms apart and ${ALLOWED_MS + 1} ms where brokers allow ${ALLOWED_MS} refused, the latter within ${refusedMs} ms; ${ALLOWED_MS} ms runs`,
    );
  });
});
