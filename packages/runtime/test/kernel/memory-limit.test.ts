/** State larger than the memory that is allowed: nothing is lost, and the tables stay within the limit. */
import { Buffer } from 'node:buffer';
import type { Accumulator, FoldTransform, Transform } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { KernelEnv, StageKernel } from '../../src/kernel/stage-kernel.js';
import { planStages } from '../../src/plan/plan-stages.js';
import type { Stage } from '../../src/plan/physical.js';
import { chooser } from '../laws/arbitrary.js';
import { count, event, foldOf, maxPoints, pipelineOf, sumPoints } from '../laws/by-hand.js';
import { batchOf, EVENT_SCHEMA, EVENT_SCHEMA_ID, rawOf } from '../laws/events.js';
import { takeRecords } from '../laws/stage-runner.js';
import { column, LONG, nullable } from '../laws/typed-expressions.js';

const USERS = 4000;
const LIMIT = 150_000;
const EVENTS = 200;
const ROUNDS = 120;

/** A kernel with a store that is as new as its last flush, and everything it wrote, by output and key. */
class Side {
  readonly kernel: StageKernel;
  readonly rows = new Map<string, string>();
  readonly written: string[] = [];
  reads = 0;
  private readonly store = new Map<string, Uint8Array>();
  private readonly builders = new Map<string, BatchBuilder>();
  private flushes = 0;

  constructor(stage: Stage, make: typeof compileStage, limit: number) {
    const builder = (id: string): BatchBuilder => {
      const known = this.builders.get(id) ?? new BatchBuilder(id, 0);
      this.builders.set(id, known);
      return known;
    };
    const env: KernelEnv = {
      partition: 0,
      tasks: 1,
      output: (output, partition) => builder(`${output}-${partition}`),
      partitions: stage.outputs.map(() => 1),
      schemaIds: stage.outputs.map(() => ({ key: 1, value: 2 })),
      changelog: () => builder('changelog'),
      store: {
        get: (key) => {
          this.reads++;
          return this.store.get(Buffer.from(key).toString('latin1'))?.slice();
        },
      },
      memoryLimit: limit,
      late: () => undefined,
      reject: (_record, _step, code) => {
        throw new Error(code);
      },
      now: () => 1e9,
    };
    this.kernel = make(stage)(env);
    this.kernel.addWriterSchema(0, EVENT_SCHEMA_ID, EVENT_SCHEMA);
  }

  flush(watermark: number): void {
    this.kernel.flush(watermark);
    this.flushes++;
    for (const [id, builder] of this.builders) {
      const isChangelog = id === 'changelog';
      for (const { key, value } of takeRecords(builder)) {
        const name = key === null ? '' : Buffer.from(key).toString('latin1');
        if (!isChangelog) this.written.push(`${name} ${value === null ? '-' : Buffer.from(value).toString('latin1')}`);
        if (isChangelog) {
          if (value === null) this.store.delete(name);
          else this.store.set(name, value);
        } else if (value === null) this.rows.delete(name);
        else this.rows.set(name, Buffer.from(value).toString('latin1'));
      }
    }
    this.kernel.stored(this.flushes);
  }
}

const totals = (over: Partial<FoldTransform> = {}): FoldTransform => ({
  ...foldOf({ total: sumPoints, most: maxPoints }, { group: ['user'] }),
  ...over,
});
const sumOfTotals: Accumulator = { fn: 'sum', arg: column('total', nullable(LONG)), where: null, type: nullable(LONG) };
const window = { kind: 'hopping', sizeMs: 4000, advanceMs: 4000, zone: null, graceMs: 3000, late: null } as const;
const session = { kind: 'session', gapMs: 4000, graceMs: 0, late: null } as const;
const board: Transform = {
  type: 'rank',
  group: [],
  k: 3,
  by: [{ expr: column('total', nullable(LONG)), descending: true, nullsFirst: false }],
  tieBreak: ['user'],
  rank: 'rank',
  ties: false,
  emit: { mode: 'updates' },
};

describe('a limit of memory', () => {
  it.each<readonly [string, readonly Transform[], boolean, number]>([
    ['sums without end', [totals()], false, 2],
    ['groups with a ttl', [totals({ ttlMs: 9000 })], false, 4],
    ['final windows', [totals({ window, emit: { mode: 'final' } })], true, 2],
    ['windows that are updated', [totals({ window })], false, 2],
    ['final sessions', [totals({ window: session, emit: { mode: 'final' } })], true, 4],
    ['sessions that are updated', [totals({ window: session })], false, 4],
    ['a board', [totals(), board], false, 2],
    ['an aggregate over a table', [totals(), foldOf({ users: count, total: sumOfTotals })], true, 2],
  ])('is kept, and changes nothing: %s', (_what, transforms, inOrder, slack) => {
    const [stage] = planStages(pipelineOf(transforms, { key: 'user', latenessMs: 2000 })).stages;
    const kernel = new Side(stage, compileStage, LIMIT);
    const oracle = new Side(stage, interpretStage, Infinity);
    const choose = chooser(5);
    let [offset, largest] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      // Some users are there all the time, most come by once in a while.
      const events = Array.from({ length: EVENTS }, (_, i) =>
        event(offset + i, { user: `user-${choose(2) === 0 ? choose(20) : choose(USERS)}`, points: choose(100) - 50 }),
      );
      const batch = batchOf(events.map(rawOf), offset);
      offset += EVENTS;
      for (const side of [kernel, oracle]) {
        side.kernel.process(0, batch, 0);
        if (round % 3 === 2) side.flush(side.kernel.maxEventTime(0) - 2000);
      }
      largest = Math.max(largest, kernel.kernel.stats().stateBytes);
    }
    for (const side of [kernel, oracle]) side.flush(1_000_000);
    if (inOrder) expect(kernel.written).toEqual(oracle.written);
    expect(kernel.rows).toEqual(oracle.rows);
    expect(kernel.reads).toBeGreaterThan(100);
    // What a flush has yet to write cannot go, and what comes back because its time is up needs room: in tables as small as these, much.
    expect(largest).toBeLessThan(LIMIT * slack);
  });
});
