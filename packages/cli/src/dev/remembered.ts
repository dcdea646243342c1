/** What the state in a directory was made by: known to the next `rta dev`, whatever was edited in between. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plan } from '@rta/dsl';
import { planIdentity, planStages } from '@rta/runtime';
import { changesOf, layoutsOf } from '../deploy/pipeline-items.js';

type Layouts = Readonly<Record<string, string>>;

export class Remembered {
  private readonly path: string;
  /** By pipeline. */
  private layouts: Readonly<Record<string, Layouts>>;

  /** @param directory of log and state */
  constructor(directory: string) {
    this.path = join(directory, 'dev.json');
    try {
      this.layouts = JSON.parse(readFileSync(this.path, 'utf8')) as Record<string, Layouts>;
    } catch {
      // The first time, or not ours to read: nothing is known.
      this.layouts = {};
    }
  }

  /** Why a plan cannot go on with the state that there is; empty: it can. Null: it has none that is known of. */
  obstacles(plan: Plan): readonly string[] | null {
    if (!Object.hasOwn(this.layouts, plan.pipeline)) return null;
    const { other, input } = changesOf(planIdentity(planStages(plan)), { layouts: this.layouts[plan.pipeline] });
    return [...new Set([...other.values(), ...input.values()])];
  }

  keep(plans: readonly Plan[]): void {
    const now = plans.map((plan) => [plan.pipeline, layoutsOf({ physical: planStages(plan) })] as const);
    this.layouts = { ...this.layouts, ...Object.fromEntries(now) };
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, `${JSON.stringify(this.layouts, null, 2)}\n`);
  }
}
