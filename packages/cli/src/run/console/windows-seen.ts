/** The windows that steps keep rows of, and those that have closed since somebody looked. */
import type { WindowFacts, WindowedStep, WindowsAnswer } from '@rta/console';
import type { Plan } from '@rta/dsl';
import { planStages, storesOf, type StoreAnswer, type StoreOfPlan } from '@rta/runtime';
import type { ShownPipeline } from './shown-pipeline.js';
import { windowText } from './window-text.js';

/** Rows of a store and partition that are looked at. */
const ENTRIES = 5_000;
/** Of the open windows of a step those that end last, and of the closed ones. */
const [MOST_OPEN, MOST_CLOSED] = [60, 20];

interface Windowed {
  readonly store: StoreOfPlan;
  readonly step: string;
  readonly window: string;
  readonly graceMs: number;
}

export class WindowsSeen {
  private readonly steps = new WeakMap<Plan, readonly Windowed[]>();
  /** By pipeline and step; by start and end. */
  private readonly seen = new Map<string, Map<string, WindowFacts>>();
  private readonly closed = new Map<string, WindowFacts[]>();
  private looking: Promise<WindowsAnswer> | null = null;

  constructor(private readonly pipelines: readonly ShownPipeline[]) {}

  /** One look serves all who ask meanwhile. Rejects where a store cannot say now. */
  look(): Promise<WindowsAnswer> {
    this.looking ??= this.lookAtAll().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async lookAtAll(): Promise<WindowsAnswer> {
    const steps: WindowedStep[] = [];
    for (const pipeline of [...this.pipelines]) {
      const windowed = this.steps.get(pipeline.plan) ?? windowedOf(pipeline.plan);
      this.steps.set(pipeline.plan, windowed);
      for (const each of windowed) steps.push(await this.lookAt(pipeline, each));
    }
    return { asOf: Date.now(), steps };
  }

  private async lookAt({ plan, run }: ShownPipeline, { store, step, window, graceMs }: Windowed): Promise<WindowedStep> {
    const answers = await run.query({ store: store.name, key: null, entries: ENTRIES });
    const watermark = leastWatermark(answers);
    const key = `${plan.pipeline}/${store.name}`;
    const open = windowsIn(answers).filter(({ end }) => watermark === null || end + graceMs > watermark);
    this.remember(key, open, watermark === null ? null : watermark - graceMs);
    return {
      pipeline: plan.pipeline,
      step,
      window,
      graceMs,
      watermark,
      late: run.snapshot().steps.find(({ id }) => id === store.stage.nodes[store.stage.stores[store.number].node].step)?.late ?? 0,
      open: open.slice(-MOST_OPEN),
      closed: this.closed.get(key) ?? [],
      more: answers.some(({ more }) => more),
    };
  }

  /** @param closedBy windows that end by then have closed; null: none has */
  private remember(key: string, open: readonly WindowFacts[], closedBy: number | null): void {
    const gone = [...(this.seen.get(key)?.values() ?? [])].filter(({ end }) => closedBy !== null && end <= closedBy);
    this.seen.set(key, new Map(open.map((window) => [`${window.start} ${window.end}`, window])));
    const closed = [...(this.closed.get(key) ?? []), ...gone].sort(byEnd);
    this.closed.set(key, closed.slice(-MOST_CLOSED));
  }
}

function windowedOf(plan: Plan): Windowed[] {
  return storesOf(planStages(plan)).flatMap((store): Windowed[] => {
    const node = store.stage.nodes[store.stage.stores[store.number].node];
    if (!store.windowed || node.op !== 'fold' || node.transform.window === null) return [];
    const { window } = node.transform;
    // Each event has one of its own: there is nothing that stays open.
    if (window.kind === 'sliding') return [];
    const step = plan.steps.find(({ id }) => id === node.step);
    return [{ store, step: step?.name ?? node.step, window: windowText(window), graceMs: window.graceMs }];
  });
}

function leastWatermark(answers: readonly StoreAnswer[]): number | null {
  const known = answers.flatMap(({ watermark }) => (watermark === null ? [] : [watermark]));
  return known.length === 0 ? null : Math.min(...known);
}

function windowsIn(answers: readonly StoreAnswer[]): WindowFacts[] {
  const found = new Map<string, { start: number; end: number; rows: number }>();
  for (const row of answers.flatMap(({ rows }) => rows)) {
    const [start, end] = [Number(row['window_start']), Number(row['window_end'])];
    if (!Number.isFinite(start) || !Number.isFinite(end)) continue;
    const key = `${start} ${end}`;
    const window = found.get(key) ?? { start, end, rows: 0 };
    window.rows++;
    found.set(key, window);
  }
  return [...found.values()].sort(byEnd);
}

function byEnd(a: WindowFacts, b: WindowFacts): number {
  return a.end - b.end || a.start - b.start;
}
