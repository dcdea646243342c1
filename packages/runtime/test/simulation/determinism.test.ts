/**
 * One source log, and everything that may differ: 1, 4 or 12 partitions downstream, 1 to 4 workers, interleavings, faults and crashes. The
 * final results are the same, byte for byte.
 */
import { LONG, reportFigure } from '@rta/tools';
import { expect, it } from 'vitest';
import { FAMILY_NAMES } from './scenarios.js';
import { simulate } from './simulate.js';

const LOGS = LONG ? 12 : 1;

it('final results do not depend on partitions, workers, interleavings or crashes', { timeout: 4 * 3_600_000 }, async () => {
  let runs = 0;
  let crashes = 0;
  for (const family of FAMILY_NAMES)
    for (let log = 1; log <= LOGS; log++) {
      const digests = new Map<string, string>();
      for (const downstream of [1, 4, 12])
        for (const workers of [1, 2, 3, 4]) {
          // The fast form takes a third of the combinations.
          if (!LONG && (downstream + workers + log) % 3 !== 0) continue;
          const outcome = await simulate(++runs, { family, inputSeed: log, downstream, workers });
          digests.set(`${String(downstream)} partitions, ${String(workers)} workers`, outcome.digest);
          for (const kind of ['kill', 'power cut', 'lost stores']) crashes += outcome.faults.get(kind) ?? 0;
        }
      expect(new Set(digests.values()).size, `${family}, log ${String(log)}: ${JSON.stringify([...digests])}`).toBe(1);
    }
  reportFigure(
    'determinism',
    `${String(FAMILY_NAMES.length * LOGS)} source logs, ${String(runs)} runs with 1, 4 and 12 partitions downstream, 1 to 4 workers and ${String(crashes)} crashes: results equal byte for byte`,
  );
});
