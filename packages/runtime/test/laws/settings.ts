/** How long the laws are tried, and from which seed: `LAW_RUNS=5000 LAW_SEED=1 pnpm vitest run packages/runtime/test/laws`. */
export const RUNS = Number(process.env.LAW_RUNS ?? 60);
const DAY_MS = 86_400_000;
/** Another one each time; in CI another one each day, so that what passed before a change landed does not fail by chance when it does. */
export const SEED = Number(
  process.env.LAW_SEED ?? (process.env.CI === 'true' ? Math.floor(Date.now() / DAY_MS) : Date.now() % 1_000_000_007),
);
