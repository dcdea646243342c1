/** One promise of `docs/reliability.md`, and the test that shows it. */
export interface ReliabilityRow {
  readonly topic: string;
  /** What must hold. */
  readonly promise: string;
  /** The test's file, from the root. */
  readonly test: string;
}

/** In the order of the page. */
export const RELIABILITY_ROWS = {
  killed: {
    topic: 'Exactly once, killed',
    promise:
      'a copy, totals, a board, windows, sessions, a join and dedupe in three processes that are killed, leave by SIGTERM and join while load runs: each change right',
    test: 'test/crash/crash.test.ts',
  },
  zombies: {
    topic: 'Zombies',
    promise: 'a process that is stopped past its session and goes on when another has taken over has no effect',
    test: 'test/crash/crash.test.ts',
  },
  broker: {
    topic: 'Broker',
    promise: 'killed at a produce request, an offset commit and EndTxn, and ended in good order: the pipelines go on by themselves',
    test: 'test/crash/crash.test.ts',
  },
  requests: {
    topic: 'EndTxn in doubt',
    promise: 'requests of every kind held up, lost there or back, cut: outcomes are read again, never assumed',
    test: 'packages/runtime/test/task/kafka-requests.test.ts',
  },
  silence: {
    topic: 'Silent consumer',
    promise: 'one that delivers nothing of what the brokers have, and says nothing, is replaced; where that does not help the worker ends',
    test: 'packages/runtime/test/task/silent-consumer.test.ts',
  },
  'transaction-timeout': {
    topic: 'Transaction timeout',
    promise: 'refused at start when too short for the commits, or above what the brokers allow',
    test: 'packages/runtime/test/task/transaction-timeout.test.ts',
  },
  restore: {
    topic: 'Restore',
    promise: 'a worker that comes back replays what was committed since its store was written, not the changelog',
    test: 'packages/runtime/test/task/restores.test.ts',
  },
  rebalances: {
    topic: 'Rebalance in restore',
    promise: 'twenty rebalances while 30,000 keys are restored: progress kept, result right',
    test: 'packages/runtime/test/task/restores.test.ts',
  },
  changelog: {
    topic: 'Changelog truncated',
    promise: 'a store that fits goes on, one that does not is rebuilt as without any; a gap that would lose state stops with `state_lost`',
    test: 'packages/runtime/test/task/restores.test.ts',
  },
  standby: {
    topic: 'Standby',
    promise:
      'with `standby: 1`, who takes over replays what is newer than its copy, not the whole; each change of members moves only what must',
    test: 'packages/runtime/test/task/standby.test.ts',
  },
  simulation: {
    topic: 'Simulation',
    promise: 'random pipelines under a seeded fault injector: every update right, nothing lost or doubled; a seed repeats a run exactly',
    test: 'packages/runtime/test/simulation/simulation.test.ts',
  },
  determinism: {
    topic: 'Determinism',
    promise: 'one source log, any partitions downstream, workers, interleavings and crashes: the same final results, byte for byte',
    test: 'packages/runtime/test/simulation/determinism.test.ts',
  },
  'log-kill': {
    topic: 'Embedded log, killed',
    promise: 'every acknowledged commit is there, whole, and nothing else',
    test: 'packages/runtime/test/log/embedded-crash.test.ts',
  },
  'log-damage': {
    topic: 'Embedded log, damaged',
    promise: 'stops with an error that says what is lost; never another record',
    test: 'packages/runtime/test/log/embedded-crash.test.ts',
  },
  'log-full': {
    topic: 'Embedded log, disk full',
    promise: 'stops with an error; every acknowledged commit is there',
    test: 'packages/runtime/test/log/embedded-full-disk.test.ts',
  },
  'store-kill': {
    topic: 'State store, killed',
    promise: 'right as of its last batch, or the one under way',
    test: 'packages/runtime/test/state/crash.test.ts',
  },
  'store-damage': {
    topic: 'State store, damaged',
    promise: 'every file cut, flipped, deleted or torn: detected, wiped and rebuilt, or right; never a wrong row',
    test: 'packages/runtime/test/state/damage.test.ts',
  },
  growth: {
    topic: 'State growth',
    promise: '24 hours of event time through windows, sessions, ttl and dedupe: memory and disk level off',
    test: 'packages/runtime/test/task/growth.test.ts',
  },
  poison: {
    topic: 'Poison',
    promise:
      'records that cannot be read come to the dead letters with the same transaction, each once whatever crashes, with its bytes, key, headers, reason and place',
    test: 'packages/runtime/test/task/poison.test.ts',
  },
  'registry-down': {
    topic: 'Registry down',
    promise: 'known schema ids go on; an unknown one holds up its partition alone, heartbeating, and is never a dead letter',
    test: 'packages/runtime/test/task/registry-outage.test.ts',
  },
  load: {
    topic: 'Load',
    promise:
      'three leaderboards at 100,000 events a second, an hour of them: p99 under 1 s, lag bounded, memory flat, nothing lost or doubled',
    test: 'packages/cli/test/main-job/load.test.ts',
  },
  overload: {
    topic: 'Overload',
    promise: 'more than can be processed waits in the topic, not in memory: reading slows, nothing is dropped',
    test: 'packages/cli/test/main-job/load.test.ts',
  },
  alerts: {
    topic: 'Alerts told',
    promise:
      'a target that is down, answers late or refuses is told each incident at least once and in order when it is back; processes that end in between change nothing',
    test: 'packages/serve/test/alerts/notifier.test.ts',
  },
  clocks: {
    topic: 'Clocks',
    promise: 'a record a year ahead: refused by `maxAhead` and counted; what it makes late without is counted',
    test: 'packages/runtime/test/task/clocks.test.ts',
  },
  'bad-records': {
    topic: 'Bad records',
    promise: 'a value is read as it is or rejected, a damaged batch refused: no crash, no wrong field',
    test: 'packages/runtime/test/kernel/bad-records.test.ts',
  },
  'bad-pipelines': {
    topic: 'Bad pipelines',
    promise: 'a plan, or errors with places; no crash',
    test: 'packages/dsl/test/fuzz.test.ts',
  },
  doors: {
    topic: 'Doors',
    promise:
      'HTTP answers nobody but this machine unless told otherwise, then whoever has the token; bodies and answers have limits; a secret is printed nowhere',
    test: 'packages/cli/test/http/doors.test.ts',
  },
} as const satisfies Readonly<Record<string, ReliabilityRow>>;

export type ReliabilityRowId = keyof typeof RELIABILITY_ROWS;
