/** The generated code of a plan, for people. */
import type { Plan } from '@rta/dsl';
import { kernelSources } from '../kernel/compile-stage.js';
import { markIn } from '../kernel/kernel-marks.js';
import { planStages } from './plan-stages.js';

/** One generated function of a stage. */
export interface ExplainedFunction {
  readonly stage: number;
  /** `source.user_score.scan` of an input, `1-aggregate.merge` of a node. */
  readonly name: string;
  readonly source: string;
}

/**
 * Every function that a plan compiles to, indented. Names like `k3` are constants that the generator hands in.
 *
 * @throws StagingError where the engine cannot run the plan
 */
export function explainKernels(plan: Plan): readonly ExplainedFunction[] {
  return planStages(plan).stages.flatMap((stage) =>
    kernelSources(stage).map(({ name, source }) => ({ stage: stage.id, name, source: indented(source) })),
  );
}

/** By braces and brackets at the ends of lines; quoted texts do not count. */
function indented(source: string): string {
  let depth = 0;
  return source
    .split('\n')
    .filter((line) => markIn(line) === undefined)
    .map((raw) => {
      const line = raw.trim();
      const bare = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '');
      const closing = /^[})\]]+/.exec(bare)?.[0].length ?? 0;
      const shown = `${'  '.repeat(Math.max(0, depth - closing))}${line}`;
      depth += count(bare, /[{([]/g) - count(bare, /[})\]]/g);
      return line === '' ? '' : shown;
    })
    .filter((line) => line !== '')
    .join('\n');
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
