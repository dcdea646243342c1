/** Kernels that keep as little as they may, and what they are compared with. */
import { Buffer } from 'node:buffer';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { GeneratedKernel } from '../../src/kernel/run/generated-kernel.js';
import type { KernelFactory, StageKernel } from '../../src/kernel/stage-kernel.js';
import type { Stage } from '../../src/plan/physical.js';
import { takeRecords } from './stage-runner.js';

/** A kernel that evicts all it can after every call. What it flushes gets to the store `lag` flushes later. */
export function forgetful(stage: Stage, lag: number): KernelFactory {
  const make = compileStage(stage);
  return (env) => {
    const rows = new Map<string, Uint8Array>();
    const id = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
    const put = (key: Uint8Array, value: Uint8Array | null): void => {
      if (value === null) rows.delete(id(key));
      else rows.set(id(key), Uint8Array.from(value));
    };
    let changelog = new BatchBuilder('changelog', 0);
    const kernel = make({
      ...env,
      store: { get: (key) => rows.get(id(key))?.slice() },
      memoryLimit: 1e6,
      changelog: () => changelog,
    });
    if (!(kernel instanceof GeneratedKernel)) throw new Error('a generated kernel is wanted');
    const waiting: ReturnType<typeof takeRecords>[] = [];
    let stored = 0;
    const overrides: Partial<StageKernel> = {
      process: (input, batch, from) => {
        kernel.process(input, batch, from);
        kernel.evictAll();
      },
      advance: (watermark, least) => {
        kernel.advance(watermark, least);
        kernel.evictAll();
      },
      flush: (watermark) => {
        kernel.flush(watermark);
        const written = takeRecords(changelog);
        changelog = new BatchBuilder('changelog', 0);
        for (const { key, value, timestamp } of written)
          env.changelog()!.append(timestamp, key, 0, key!.length, value, 0, value?.length ?? 0, null);
        waiting.push(written);
        if (waiting.length > lag) {
          for (const { key, value } of waiting.shift()!) put(key!, value);
          kernel.stored(++stored);
        }
        kernel.evictAll();
      },
      // Its store is empty before.
      leaveInStore: () => [...stage.stores.keys()],
      restore: (key, value) => {
        put(key, value);
        kernel.restore(key, value);
        if (rows.size % 2 === 0) {
          kernel.stored(0);
          kernel.evictAll();
        }
      },
      // Of evicted groups only a bound is known, which the interpreter does not have.
      nextDue: () => -Infinity,
      stored: () => undefined,
      restored: (watermark) => {
        kernel.restored(watermark);
        kernel.evictAll();
      },
    };
    return new Proxy<StageKernel>(kernel, {
      get: (target, name) => {
        if (name in overrides) return Reflect.get(overrides, name) as unknown;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
}

/** An interpreter that does not say when something is due. */
export function withoutDue(stage: Stage): KernelFactory {
  const make = interpretStage(stage);
  return (env) => Object.assign(make(env), { nextDue: () => -Infinity });
}
