/** The fast form of `pnpm test:crash`: a few kills of real processes on a real broker. */
import { available } from '@rta/tools';
import { describe, expect, it } from 'vitest';
import { killAgainAndAgain } from './kills.js';

const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = process.env;
const missing =
  brokers === ''
    ? ['KAFKA_BROKERS is set to nothing']
    : brokers !== undefined && registry !== undefined
      ? []
      : [...available().kafka, ...available().registry];
if (missing.length > 0) console.warn(`LEFT OUT, kills of real processes: ${missing.join('; ')}`);

const SEED = Number(process.env['CRASH_SEED'] ?? 1);

describe.skipIf(missing.length > 0)('real processes on a real broker', () => {
  it(`killed three times at random: nothing is lost or doubled (CRASH_SEED=${SEED})`, async () => {
    const report = await killAgainAndAgain({ cycles: 3, seed: SEED, perSecond: 200, say: (line) => console.info(line) });
    expect(report).toMatchObject({ lost: 0, doubled: 0, examples: [], gaveUp: [], openTransactions: [] });
    expect(report.events).toBeGreaterThan(100);
  }, 400_000);
});
