import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { KernelCompiler } from '../../src/kernel/stage-kernel.js';

/** What the laws are tried on. */
export const implementations: readonly (readonly [name: string, kernelOf: KernelCompiler])[] = [
  ['interpreter', interpretStage],
  ['kernel', compileStage],
];
