/** A worker thread asks the main thread, which can compile, what becomes of a pipeline when the schema of a source changes. */
import type { Plan } from '@rta/dsl';
import type { JudgeWriterSchema, SchemaChange } from '@rta/runtime';
import type { SourceChanges } from '../source-changes.js';
import type { FromThread, ThreadFailure, ToThread } from './messages.js';

export type Question = Extract<FromThread, { readonly type: 'judge' }>;
type Answer = Extract<ToThread, { readonly type: 'judged' | 'not-judged' }>;

/** In the thread. */
export class SchemaQuestions {
  private readonly open = new Map<number, (answer: Answer) => void>();
  /** Of plans that the main thread has given since the start. */
  private readonly generations = new Map<Plan, number>();
  private asked = 0;

  constructor(private readonly say: (question: Question) => void) {}

  judgeOf(plan: Plan): JudgeWriterSchema {
    return async ({ topic, readerSchema, onIncompatibleSchemaChange }, schemaId, schema) => {
      const number = this.asked++;
      const answer = await new Promise<Answer>((resolve) => {
        this.open.set(number, resolve);
        const found = { source: { topic, readerSchema, onIncompatibleSchemaChange }, schemaId, schema };
        this.say({ type: 'judge', number, pipeline: plan.pipeline, generation: this.generations.get(plan) ?? 0, found });
      });
      if (answer.type === 'not-judged') throw Object.assign(new Error(answer.failure.message), answer.failure);
      const next = answer.change?.next ?? null;
      if (next !== null) this.generations.set(next.plan, answer.generation);
      return answer.change;
    };
  }

  answered(answer: Answer): void {
    this.open.get(answer.number)?.(answer);
    this.open.delete(answer.number);
  }
}

/** In the main thread: the plans of one pipeline, each made of an earlier one. */
export class SchemaAnswers {
  private readonly plans: Plan[];

  constructor(
    first: Plan,
    private readonly changes: SourceChanges,
  ) {
    this.plans = [first];
  }

  async answer({ number, generation, found }: Question, failureOf: (error: unknown) => ThreadFailure): Promise<Answer> {
    let change: SchemaChange | null;
    try {
      change = await this.changes.judge(this.plans[generation], found);
    } catch (error) {
      return { type: 'not-judged', number, failure: failureOf(error) };
    }
    const next = change?.next ?? null;
    if (next !== null) this.plans.push(next.plan);
    return { type: 'judged', number, change, generation: this.plans.length - 1 };
  }
}
