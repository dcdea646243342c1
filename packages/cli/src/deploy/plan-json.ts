/** A project's plan as lines of JSON: an item each, then what comes of it. */
import type { NdjsonWriter } from '../output/ndjson.js';
import { allowancesOf, countOf, hasChanges, isRefused, type ProjectPlan } from './project-plan.js';

export function writePlanJson(out: NdjsonWriter, plan: ProjectPlan): void {
  for (const { kind, name, role, pipelines, places, change, drifted, reasons, diff, warnings, advice, needs } of plan.items)
    out.write({ item: { kind, name, role, pipelines, places, change, drifted, needs, reasons, diff, warnings, advice } });
  const counts = Object.fromEntries(
    (['create', 'update', 'unchanged', 'rebuild', 'breaking'] as const).map((change) => [change, countOf(plan, change)]),
  );
  out.write({ plan: { refused: isRefused(plan), changes: hasChanges(plan), needs: allowancesOf(plan), ...counts, others: plan.others } });
}
