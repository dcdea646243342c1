import type { Plan, Relation, SourceNode, StepNode, TopicDeclaration } from '@rta/dsl';

/** What advice asks of a logical plan: what is before a step, and what is declared of topics. */
export class PlanGraph {
  private readonly steps: ReadonlyMap<string, StepNode>;

  constructor(readonly plan: Plan) {
    this.steps = new Map(plan.steps.map((step) => [step.id, step]));
  }

  /** The step of an id; null for a source. */
  step(id: string): StepNode | null {
    return this.steps.get(id) ?? null;
  }

  /** The sources that rows of a step or source come from, tables that they are joined with too. */
  sourcesOf(id: string): readonly SourceNode[] {
    const step = this.step(id);
    if (step === null) return this.plan.sources.filter((source) => source.id === id);
    const inputs = [step.input, ...(step.others ?? [])];
    return [...new Set(inputs.flatMap((input) => this.sourcesOf(input)))];
  }

  /** The rows of a step or source. */
  relationOf(id: string): Relation {
    return (this.step(id) ?? this.plan.sources.find((source) => source.id === id)!).output;
  }

  /** The steps in front of one, along its (left) input, nearest first. */
  before(step: StepNode): readonly StepNode[] {
    const previous = this.step(step.input);
    return previous === null ? [] : [previous, ...this.before(previous)];
  }

  /** What is declared of a topic, in the pipeline or in `rta.yaml`. */
  topic(name: string): TopicDeclaration | null {
    return this.plan.topics.find((topic) => topic.name === name) ?? null;
  }
}
