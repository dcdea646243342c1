/** One seed: a pipeline, its input, and everything that goes wrong, until it is over and the results are looked at. */
import { Buffer } from 'node:buffer';
import type { Log, OutputBatch } from '../../src/log/log.js';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { rawOf } from '../laws/events.js';
import { Faults } from './faults.js';
import { Machine, type Running } from './machine.js';
import { Reader, type Input } from './reader.js';
import { inputOf, scenarioOf, type Sent } from './scenarios.js';
import { randomOf, Scheduler } from './scheduler.js';

/** What a run has seen. */
export interface Outcome {
  readonly name: string;
  readonly steps: number;
  readonly updates: number;
  /** Of all final rows, in bytes. */
  readonly digest: string;
  /** What happened at each step. */
  readonly trace: readonly string[];
  /** How often each fault has happened. */
  readonly faults: ReadonlyMap<string, number>;
}

/** What is not left to the seed. */
export interface Given {
  readonly family?: string;
  /** Pipeline and input are drawn by this seed, and only the rest by the other. */
  readonly inputSeed?: number;
  /** Partitions of stages behind a repartition. */
  readonly downstream?: number;
  /** At once, at most. */
  readonly workers?: number;
}

/** Steps in which everything must be processed, once nothing fails any more. */
const PATIENCE = 30_000;
/** The last steps that a failure tells of. */
const TRACED = Number(process.env['TRACE'] ?? 60);
const NO_EVENT = Buffer.from('no Avro');

/** Rejects with what is wrong, the seed and the last steps before. */
export async function simulate(seed: number, given: Given = {}): Promise<Outcome> {
  const random = randomOf(seed);
  const drawn = given.inputSeed === undefined ? random : randomOf(given.inputSeed);
  const made = scenarioOf(drawn, given.family);
  const scenario = { ...made, downstream: given.downstream ?? made.downstream };
  const input = inputOf(drawn, scenario);
  const scheduler = new Scheduler(random);
  const faults = new Faults(random);
  const machine = new Machine(scheduler, faults, scenario);
  const simulation = new Simulation(
    random,
    scheduler,
    faults,
    machine,
    input,
    new Reader(scenario, input, machine.group),
    given.workers ?? 3,
  );
  try {
    await machine.start();
    await simulation.withFaults(60 + random(500));
    await simulation.toEnd();
    return {
      name: scenario.name,
      steps: scheduler.steps,
      updates: simulation.reader.updates,
      digest: simulation.reader.digest(),
      trace: scheduler.trace,
      faults: faults.counts,
    };
  } catch (error) {
    const trace = scheduler.trace.slice(-TRACED).join('\n');
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`SEED=${String(seed)} (${scenario.name}): ${message}\n${trace}`, { cause: error });
  } finally {
    await machine.close();
  }
}

class Simulation {
  private running: Running[] = [];
  /** How much of each source partition has been sent. */
  private readonly sent = new Map<string, number>();

  constructor(
    private readonly random: (n: number) => number,
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    private readonly machine: Machine,
    private readonly input: Input,
    readonly reader: Reader,
    private readonly workers: number,
  ) {}

  async withFaults(steps: number): Promise<void> {
    // Rows are joined with what a table was read to before: what comes to it later is outside the law (SEMANTICS rule 6).
    for (const { name, table } of this.machine.scenario.topics) if (table) while (await this.send(name));
    const crashes = 40 + this.random(200);
    while (this.scheduler.steps < steps) {
      if (this.random(6) === 0) await this.act(crashes);
      await this.scheduler.step();
      this.buryTheDead();
    }
  }

  /** Nothing fails any more: one worker processes the rest. */
  async toEnd(): Promise<void> {
    this.faults.over = true;
    if (this.random(2) === 0) {
      for (const one of this.running) {
        one.asked = true;
        one.worker.stop();
      }
      await this.until(() => this.running.every(({ ended }) => ended), 'to stop');
      this.buryTheDead();
    } else await this.crash();
    while (await this.send());
    const last = await this.machine.work('w0', async (worker) => {
      await worker.drain();
      await worker.finish();
    });
    await this.until(() => last.ended, 'to process everything');
    if (last.error !== null) throw last.error as Error;
    await this.reader.readOn(this.machine.log);
    this.reader.expectFinal();
  }

  private async until(done: () => boolean, what: string): Promise<void> {
    const end = this.scheduler.steps + PATIENCE;
    while (!done()) {
      if (this.scheduler.steps > end) throw new Error(`waited ${String(PATIENCE)} steps for the workers ${what}`);
      await this.scheduler.step();
    }
  }

  private async act(crashes: number): Promise<void> {
    const { random, scheduler, machine } = this;
    if (random(crashes) === 0) return this.crash();
    if (random(4) === 0 && machine.overrule()) this.faults.count('rebalanced without waiting');
    const one = this.running[random(Math.max(1, this.running.length))] as Running | undefined;
    switch (random(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        await this.send();
        break;
      case 4:
      case 5:
      case 6:
        await this.startOne();
        break;
      case 7:
        if (one !== undefined && random(3) === 0) {
          one.asked = true;
          one.worker.stop();
          this.happened('stopped', one);
        }
        break;
      case 8:
        if (one !== undefined) {
          one.life.stalledUntil = scheduler.monotonic + random(1500);
          this.happened('stalled', one);
          if (random(3) === 0) {
            machine.expel(one);
            this.happened('expelled', one);
          }
        }
        break;
      case 9:
        if (random(4) === 0) {
          scheduler.jump((random(2) === 0 ? -1 : 1) * random(3_600_000));
          this.faults.count('clock jumped');
        }
        break;
      case 10:
        await this.reader.readOn(machine.log); // compaction takes updates away
        await machine.log.compact();
        this.faults.count('compacted');
        break;
      case 11:
        if (one !== undefined && random(6) === 0) {
          one.asked = true;
          one.worker.abandon().catch((error: unknown) => (one.error ??= error));
          this.happened('abandoned', one);
        }
        break;
      default:
        await this.reader.readOn(machine.log);
    }
  }

  private happened(what: string, { life }: Running): void {
    this.scheduler.note(`${life.name} is ${what}`);
    this.faults.count(what);
  }

  private async startOne(): Promise<void> {
    const names = Array.from({ length: this.workers }, (_, i) => `w${String(i)}`);
    const free = names.filter((name) => this.running.every(({ life }) => life.name !== name));
    if (free.length === 0) return;
    const name = free[this.random(free.length)];
    this.scheduler.note(`${name} starts`);
    this.faults.count('started');
    this.running.push(await this.machine.work(name, (worker) => worker.run()));
  }

  private async crash(): Promise<void> {
    const kind = (['kill', 'power cut', 'lost stores'] as const)[this.random(3)];
    this.scheduler.note(kind);
    this.faults.count(kind);
    this.running = [];
    await this.machine.crash(kind);
    await this.reader.readOn(this.machine.log);
    await this.lookHowMuchIsThere(this.machine.log);
  }

  /** Some that ended did so because they were asked to; the others have an error that nobody could get over. */
  private buryTheDead(): void {
    for (const { ended, error, asked, life } of this.running)
      if (ended && error !== null && !asked) throw new Error(`${life.name} has given up: ${(error as Error).stack ?? ''}`);
    this.running = this.running.filter(({ ended }) => !ended);
  }

  /** The next records of one source partition, as one batch; false: everything is sent. */
  private async send(only?: string): Promise<boolean> {
    const open = [...this.input].flatMap(([topic, partitions]) =>
      (only ?? topic) !== topic
        ? []
        : partitions.flatMap((list, partition) => {
            const from = this.sent.get(`${topic}-${String(partition)}`) ?? 0;
            return from < list.length ? [{ topic, partition, list, from }] : [];
          }),
    );
    if (open.length === 0) return false;
    const { topic, partition, list, from } = open[this.random(open.length)];
    const to = Math.min(list.length, from + 1 + this.random(6));
    await this.machine.log.append(batchesOf(topic, partition, list.slice(from, to), this.scheduler.wallClock()));
    this.scheduler.changes++;
    this.sent.set(`${topic}-${String(partition)}`, to);
    return true;
  }

  private async lookHowMuchIsThere(log: Log): Promise<void> {
    for (const topic of this.input.keys())
      for (const { partition, high } of await log.offsets(topic)) {
        const key = `${topic}-${String(partition)}`;
        if (high !== (this.sent.get(key) ?? 0)) throw new Error(`${key} has ${String(high)} records, not ${String(this.sent.get(key))}`);
      }
  }
}

function batchesOf(topic: string, partition: number, events: readonly Sent[], timestamp: number): OutputBatch[] {
  const builder = new BatchBuilder(topic, partition);
  for (const event of events) {
    const { key, value } = event === null ? { key: null, value: NO_EVENT } : rawOf(event);
    builder.append(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, null);
  }
  return builder.take();
}
