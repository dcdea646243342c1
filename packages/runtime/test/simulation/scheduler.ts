/**
 * The only thing in a simulation that lets something happen. Whatever the engine asks of log, store or clock waits here; one thing at a time
 * is done, drawn by the seed, and its answer is given at once or some steps later. So a seed repeats a run exactly.
 */
import type { Clock } from '../../src/task/clock.js';

/** Draws numbers below `n`, the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** A process, or a worker in it: once it is over, nothing that it asked for is answered any more. */
export class Life {
  alive = true;
  /** Until this time, in monotonic ms, nothing of it happens. */
  stalledUntil = 0;

  constructor(
    readonly name: string,
    readonly process: Life | null = null,
  ) {}

  get lives(): boolean {
    return this.alive && (this.process?.lives ?? true);
  }
}

/** What is not done yet: try again when something has changed. */
export const NOT_YET = Symbol('not yet');

export interface Asked {
  readonly life: Life;
  readonly what: string;
  /** Does it, or says `NOT_YET`; after the deadline it must not say so. */
  readonly attempt: () => Promise<unknown>;
  /** In monotonic ms. */
  readonly deadline: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What had changed when it was last tried. */
  tried: number;
  /** Done, and not told yet. */
  answer: (() => void) | null;
}

interface Timer {
  readonly life: Life;
  readonly at: number;
  readonly run: () => void;
}

const START = Date.UTC(2026, 0, 1);

export class Scheduler {
  steps = 0;
  /** Counts what may let others go on. */
  changes = 0;
  /** Monotonic ms. */
  private time = 0;
  /** What people did to the wall clock, ms. */
  private skew = 0;
  private asked: Asked[] = [];
  private timers: Timer[] = [];
  /** What happened, for those who look for a bug. */
  readonly trace: string[] = [];

  constructor(readonly random: (n: number) => number) {}

  wallClock(): number {
    return START + this.time + this.skew;
  }

  get monotonic(): number {
    return this.time;
  }

  /** The wall clock is set to another time. */
  jump(ms: number): void {
    this.skew += ms;
    this.note(`the clock jumps by ${ms} ms`);
  }

  clockOf(life: Life): Clock {
    return {
      now: () => this.wallClock(),
      after: (ms, run) => {
        const timer: Timer = { life, at: this.time + ms, run };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((other) => other !== timer);
        };
      },
    };
  }

  note(what: string): void {
    this.trace.push(`${this.steps}: ${what}`);
  }

  /** Done when it is drawn, if the life lasts until then. */
  ask<T>(life: Life, what: string, attempt: () => Promise<T | typeof NOT_YET>, timeoutMs = Infinity): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.asked.push({
        ...{ life, what, attempt, reject, tried: -1, answer: null, deadline: this.time + timeoutMs },
        resolve: resolve as (value: unknown) => void,
      });
    });
  }

  /** What a life has asked for and what was not done yet. */
  waiting(what: string): readonly Asked[] {
    return this.asked.filter((call) => call.life.lives && call.answer === null && call.what === what);
  }

  /** Whether the deadline has passed. */
  passed(deadline: number): boolean {
    return this.time >= deadline;
  }

  forgetTheDead(): void {
    this.asked = this.asked.filter(({ life }) => life.lives);
    this.timers = this.timers.filter(({ life }) => life.lives);
  }

  /** One thing happens. */
  async step(): Promise<void> {
    this.steps++;
    await new Promise(setImmediate); // all that follows from the last answer has been asked for by then
    this.forgetTheDead();
    this.time += this.random(12);
    const able = (life: Life): boolean => life.stalledUntil <= this.time;
    const calls = this.asked.filter(
      (call) => able(call.life) && (call.answer !== null || call.tried < this.changes || this.passed(call.deadline)),
    );
    const due = this.timers.filter(({ at, life }) => at <= this.time && able(life));
    const drawn = this.random(Math.max(1, calls.length + due.length));
    if (drawn < calls.length) await this.happen(calls[drawn]);
    else if (drawn < calls.length + due.length) {
      const timer = due[drawn - calls.length];
      this.timers = this.timers.filter((other) => other !== timer);
      timer.run();
    } else this.skip();
  }

  /** Nothing can happen now: on to when something can. */
  private skip(): void {
    const next = Math.min(
      ...this.asked.map(({ deadline }) => deadline),
      ...this.timers.map(({ at }) => at),
      this.time + 100, // somebody may be stalled
    );
    this.time = Math.max(this.time, next);
  }

  private async happen(call: Asked): Promise<void> {
    if (call.answer === null) {
      call.tried = this.changes;
      try {
        const value = await call.attempt();
        if (value === NOT_YET) return;
        call.answer = () => call.resolve(value);
      } catch (error) {
        call.answer = () => call.reject(error);
      }
      this.note(`${call.life.name}: ${call.what}`);
      if (this.random(3) === 0) return;
    }
    this.asked = this.asked.filter((other) => other !== call);
    call.answer();
  }
}
