/** How long the laws are tried, and from which seed: `LAW_RUNS=5000 LAW_SEED=1 pnpm vitest run packages/runtime/test/laws`. */
export const RUNS = Number(process.env.LAW_RUNS ?? 60);
export const SEED = Number(process.env.LAW_SEED ?? Date.now() % 1_000_000_007);
