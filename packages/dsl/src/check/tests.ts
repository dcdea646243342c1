import type { TestAst, TestChecksAst, TestStepAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { parseDuration } from '../expression/duration.js';
import type { PipelineTest, TestStep } from '../plan/pipeline-test.js';
import type { YamlScalar } from '../yaml/node.js';
import type { Session } from './session.js';
import { checkAssertions, type Tested } from './test-assertions.js';
import { testMessages as messages } from './test-messages.js';
import { givenRecords } from './test-records.js';
import { parseTime } from './test-values.js';

/** Types the tests of a file against the columns of its sources, steps and sinks. */
export function checkTests(tests: readonly TestAst[], tested: Tested, session: Session): readonly PipelineTest[] {
  return tests.map((test) => {
    const { name, span } = test;
    const checks = test.steps ?? [test];
    if (!checks.some(asserts)) session.report(messages.emptyTest(span, name));
    for (const entry of test.besideSteps) session.report(messages.besideSteps(entry.keySpan, entry.key));
    if (test.steps !== null) {
      const steps = script(test.steps, tested, session);
      return { name, given: [], until: null, expect: [], history: [], steps, span };
    }
    return {
      name,
      given: test.given.flatMap((topic) => givenRecords(topic, tested.sources, session)),
      until: test.until === null ? null : readTime(test.until, session),
      ...checkAssertions(test, tested, session),
      span,
    };
  });
}

function asserts({ expect, history, state, late, errors }: TestChecksAst): boolean {
  return expect.length > 0 || history.length > 0 || state.length > 0 || late !== null || errors !== null;
}

function script(steps: readonly TestStepAst[], tested: Tested, session: Session): readonly TestStep[] {
  let reached = -Infinity;
  return steps.flatMap((step): TestStep[] => {
    const { span, keys, send, advance } = step;
    if (keys.length > 1) session.report(messages.twoTestSteps(keys[1].keySpan, keys[0].key, keys[1].key));
    if (send.length > 0) return [{ kind: 'send', topics: send.flatMap((topic) => givenRecords(topic, tested.sources, session)), span }];
    if (asserts(step)) return [{ kind: 'assert', assertions: checkAssertions(step, tested, session), span }];
    if (advance === null) return [];
    const ms = parseDuration(advance.text);
    if (ms !== null) {
      if (!goesByTheClock(tested)) session.report(messages.nothingByClock(advance.span, advance.text));
      return [{ kind: 'pass', ms, span }];
    }
    const time = parseTime(advance.text);
    if (time === null) session.report(messages.badAdvance(advance.span, advance.text));
    else if (time < reached) session.report(messages.advanceBack(advance.span, advance.text));
    if (time === null) return [];
    reached = Math.max(reached, time);
    return [{ kind: 'until', time, span }];
  });
}

/** Whether anything of the pipeline depends on the wall clock: else it would pass in vain. */
function goesByTheClock({ sources, steps }: Tested): boolean {
  return (
    sources.some(({ idleMs, time, output }) => idleMs !== null || time.from === 'clock' || output.kind === 'table') ||
    steps.some((step) => step.transforms.some((transform) => 'emit' in transform && transform.emit.mode === 'every'))
  );
}

function readTime({ text, span }: YamlScalar & { readonly span: Span }, session: Session): number | null {
  const time = parseTime(text);
  if (time === null) session.report(messages.badTestTime(span, text));
  return time;
}
