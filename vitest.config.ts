import { configDefaults, defineConfig } from 'vitest/config';

// `source`: the packages of this workspace are tested as they are written, not as they were last built. The rest are Vite's defaults,
// which naming conditions replaces.
const conditions = ['source', 'module', 'node', 'development|production'];

const all = ['packages/*/test/**/*.test.ts', 'tools/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'test/**/*.test.ts'];

/** Tests that only compute: files of these share a process, and so what they import. */
const computed = ['packages/{dsl,operators}/test/**/*.test.ts', 'packages/runtime/test/{interpreter,kernel,laws,plan}/**/*.test.ts'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source', 'node'] } },
  test: {
    projects: [
      { extends: true, test: { name: 'computed', include: computed, isolate: false } },
      { extends: true, test: { name: 'run', include: all, exclude: [...configDefaults.exclude, ...computed] } },
    ],
    pool: 'forks', // a native part or an endless loop in one file leaves the others alone
    maxWorkers: 2, // more would make tests with deadlines of their own wait for a processor
    testTimeout: 120_000, // laws and fuzzing take a quarter of that alone; beside other work they must not fail by it
    hookTimeout: 60_000, // starting a server
    teardownTimeout: 20_000,
    // The machine's own settings must not decide over results.
    env: { TZ: 'UTC', KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  },
});
