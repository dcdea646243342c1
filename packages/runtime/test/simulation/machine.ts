/** A machine with one process: the embedded log's files, the state stores, and the workers that run on them; it crashes at any byte. */
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileStage } from '../../src/kernel/compile-stage.js';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.js';
import type { Group } from '../../src/log/embedded/group.js';
import { ownEmbeddedLog } from '../../src/log/embedded/open.js';
import type { PhysicalPlan, Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { SizeLimits } from '../../src/task/size-limits.js';
import { internalTopics, isSingleBoard, outputTopics } from '../../src/task/topology.js';
import { Worker } from '../../src/task/worker.js';
import { WRITER_SCHEMAS } from '../laws/events.js';
import type { Faults } from './faults.js';
import type { Scenario } from './scenarios.js';
import { Life, type Scheduler } from './scheduler.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedLog } from './simulated-log.js';

/** A worker, from its start to its end. */
export interface Running {
  readonly life: Life;
  readonly worker: Worker;
  /** Asked to stop, or dropped: what it could not commit any more is the next one's. */
  asked: boolean;
  ended: boolean;
  error: unknown;
}

export class Machine {
  log!: EmbeddedLog;
  readonly physical: PhysicalPlan;
  private readonly directory = mkdtempSync(join(tmpdir(), 'rta-sim-'));
  private readonly disk: SimulatedDisk;
  private process = new Life('process');
  private readonly stages: readonly number[];
  /** Drawn once: how the engine is set. */
  private readonly settings: {
    readonly memoryLimit: number;
    readonly flushMs: number;
    readonly flushBytes: number;
    readonly commitIntervalMs: number;
    readonly recentBytes: number;
  };

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    readonly scenario: Scenario,
  ) {
    this.disk = new SimulatedDisk(scheduler, faults);
    this.physical = planStages(scenario.plan);
    const { random } = scheduler;
    this.settings = {
      memoryLimit: random(2) === 0 ? 1 : 1 << 20,
      flushMs: 1 + random(400),
      flushBytes: random(2) === 0 ? 1 : 1 << 16,
      commitIntervalMs: 10 + random(100),
      recentBytes: random(3) === 0 ? 0 : 1 << 20,
    };
    this.stages = this.physical.stages.reduce<number[]>((counts, stage) => [...counts, this.partitionsOf(stage, counts)], []);
  }

  get group(): string {
    return this.physical.applicationId;
  }

  async start(): Promise<void> {
    await this.open();
    const { plan, topics } = this.scenario;
    await this.log.ensureTopics(topics.map(({ name, partitions }) => ({ name, partitions })));
    await this.log.ensureTopics(internalTopics(this.physical, this.stages));
    const policies = { late: plan.late, errors: plan.errors };
    await this.log.ensureTopics(outputTopics(this.physical, policies, [], 1 + this.scheduler.random(3)));
  }

  /** A worker of this name in the process; `end` runs it. */
  async work(name: string, run: (worker: Worker) => Promise<void>): Promise<Running> {
    const life = new Life(name, this.process);
    const clock = this.scheduler.clockOf(life);
    const { plan } = this.scenario;
    const partitions = new Map((await this.log.topics()).map((topic) => [topic.name, topic.partitions]));
    const { memoryLimit, flushMs, flushBytes, commitIntervalMs } = this.settings;
    const worker = new Worker({
      plan: this.physical,
      compileStage,
      transactionalId: `${this.group}-${name}`,
      context: {
        ...{ pipeline: plan.pipeline, applicationId: this.group, clock, memoryLimit },
        log: new SimulatedLog(this.scheduler, life, this.log, this.faults),
        stores: this.disk.storesOf(life),
        schemas: {
          byId: (id) =>
            this.scheduler.ask(life, 'schema', async () => {
              const schema = WRITER_SCHEMAS.get(id);
              return schema === undefined ? null : { schema };
            }),
        },
        sinkSchemaIds: Object.fromEntries(plan.sinks.map(({ id }) => [id, { key: 1, value: 2 }])),
        policies: { late: plan.late, errors: plan.errors },
        partitionsOf: (topic) => partitions.get(topic)!,
        stagePartitions: this.stages,
        limits: new SizeLimits(new Map(), 1_000_000),
        stateFlush: { flushMs, flushBytes },
        onWarning: (message) => this.scheduler.note(`${name} warns: ${message}`),
      },
      commitIntervalMs,
    });
    const running: Running = { life, worker, asked: false, ended: false, error: null };
    run(worker).then(
      () => {
        running.ended = true;
      },
      (error: unknown) => {
        running.ended = true;
        running.error = error;
      },
    );
    return running;
  }

  /** Nothing has been heard of the worker for its session timeout: the group goes on without it. */
  expel({ life }: Running): void {
    const group = this.groupNow();
    const members = group as unknown as { readonly members: ReadonlyMap<string, { readonly transactionalId: string }> } | undefined;
    for (const member of members?.members.values() ?? [])
      if (member.transactionalId === `${this.group}-${life.name}`) group!.expel(member as never, `${life.name} was silent`);
    this.scheduler.changes++;
  }

  /** Members that have not let go of their partitions have had the time for it: the rebalance goes on without them. False: there is none. */
  overrule(): boolean {
    const group = this.groupNow() as unknown as { readonly holding: ReadonlySet<unknown> | null; assign(): void } | undefined;
    if (group === undefined || group.holding === null) return false;
    group.assign();
    this.scheduler.changes++;
    return true;
  }

  /**
   * The process ends at once, at any byte of what it was writing. Commits that were done are there; one that was under way may be, or is
   * torn; a store's write may be there or not.
   */
  async crash(kind: 'kill' | 'power cut' | 'lost stores'): Promise<void> {
    const { random } = this.scheduler;
    const commits = [...this.scheduler.waiting('commit'), ...this.scheduler.waiting('append')];
    const writes = this.scheduler.waiting('write store');
    for (const write of writes) if (random(2) === 0) await write.attempt().catch(() => undefined);
    const before = this.sizes();
    const torn = commits.length > 0 && random(2) === 0;
    if (torn) await commits[random(commits.length)].attempt().catch(() => undefined);
    this.process.alive = false;
    this.scheduler.forgetTheDead();
    await this.log.close();
    if (torn) this.tear(before);
    if (kind === 'power cut') this.disk.powerCut();
    if (kind === 'lost stores') this.disk.lose();
    this.process = new Life('process');
    await this.open();
  }

  async close(): Promise<void> {
    this.process.alive = false;
    await this.log.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private groupNow(): Group | undefined {
    return (this.log as unknown as { readonly groups: ReadonlyMap<string, Group> }).groups.get(this.group);
  }

  private async open(): Promise<void> {
    this.log = await ownEmbeddedLog(this.directory, {
      sync: false, // what a crash takes is cut off by `tear`
      now: () => this.scheduler.wallClock(),
      recentBytes: this.settings.recentBytes,
      compactEveryMs: Infinity,
      checkEverything: true,
    });
  }

  /** What the last write has added is cut at a random byte: LevelDB's own log first, then the witness, as they were written. */
  private tear(before: ReadonlyMap<string, number>): void {
    const grown = [...this.sizes()].filter(([file, size]) => size > (before.get(file) ?? 0) && /\.log$|commits-/.test(file));
    const order = grown.sort(([a], [b]) => Number(b.endsWith('.log')) - Number(a.endsWith('.log')));
    const bytes = order.reduce((sum, [file, size]) => sum + size - (before.get(file) ?? 0), 0);
    if (bytes === 0) return;
    let kept = this.scheduler.random(bytes + 1);
    this.scheduler.note(`torn after ${String(kept)} of ${String(bytes)} bytes`);
    this.faults.count('log torn');
    for (const [file, size] of order) {
      const start = before.get(file) ?? 0;
      const here = Math.min(kept, size - start);
      truncateSync(join(this.directory, file), start + here);
      kept -= here;
    }
  }

  private sizes(): Map<string, number> {
    const files = ['', 'db'].flatMap((folder) => readdirSync(join(this.directory, folder)).map((name) => join(folder, name)));
    return new Map(files.map((file) => [file, statSync(join(this.directory, file)).size]));
  }

  private partitionsOf(stage: Stage, before: readonly number[]): number {
    if (isSingleBoard(stage)) return 1;
    const source = stage.inputs.find((input) => input.kind === 'source');
    if (source !== undefined) return this.scenario.topics.find(({ name }) => name === source.topic)!.partitions;
    return before.length === 0 ? 1 : this.scenario.downstream;
  }
}
