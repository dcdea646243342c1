import type { LatePolicy, PipelineTest, Plan, TestAssertions, Transform } from '@rta/dsl';

/** Where late and failed records go that a test asks for and the pipeline only counts. */
const ASIDE = { late: 'rta.test.late', errors: 'rta.test.errors' } as const;

/** Everything that a test asserts, at whichever moment. */
export function assertionsOf({ steps, ...test }: PipelineTest): readonly TestAssertions[] {
  return steps === undefined ? [test] : steps.flatMap((step) => (step.kind === 'assert' ? [step.assertions] : []));
}

/**
 * The plan as one test runs it. Outside of scripts there is no `idle`: no time passes there. Late and failed records that are dropped are written
 * to topics of the bench where the test asks for them; nothing else of the pipeline depends on where they go.
 */
export function planOfTest(plan: Plan, test: PipelineTest): Plan {
  const assertions = assertionsOf(test);
  const late = assertions.some((each) => each.late !== undefined && 'rows' in each.late);
  const errors = assertions.some((each) => each.errors !== undefined && 'rows' in each.errors);
  return {
    ...plan,
    ...(test.steps === undefined ? { sources: plan.sources.map((source) => ({ ...source, idleMs: null })) } : {}),
    ...(late
      ? { late: written(plan.late), steps: plan.steps.map((step) => ({ ...step, transforms: step.transforms.map(lateWritten) })) }
      : {}),
    ...(errors && plan.errors.policy === 'skip' ? { errors: { policy: 'topic', topic: ASIDE.errors } } : {}),
  };
}

function lateWritten(transform: Transform): Transform {
  if (transform.type !== 'fold' || transform.window === null || transform.window.late === null) return transform;
  return { ...transform, window: { ...transform.window, late: written(transform.window.late) } };
}

function written(policy: LatePolicy): LatePolicy {
  return policy.policy === 'drop' ? { policy: 'topic', topic: ASIDE.late } : policy;
}

/** The topics of late and failed records of a plan. */
export function asideTopics(plan: Plan): ReadonlySet<string> {
  const windows = plan.steps
    .flatMap((step) => step.transforms)
    .map((transform) => (transform.type === 'fold' ? transform.window?.late : null));
  return new Set([plan.late, plan.errors, ...windows].flatMap((policy) => (policy?.policy === 'topic' ? [policy.topic] : [])));
}
