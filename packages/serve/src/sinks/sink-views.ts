import type { Plan, SinkNode } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import { SinkView } from './sink-view.js';

/** Views that nobody has asked for that long are let go, ms. */
const IDLE_MS = 600_000;

/** The views of a process, each made when it is first asked for. */
export class SinkViews {
  private readonly views = new Map<string, { readonly view: SinkView; usedAt: number }>();

  constructor(
    private readonly log: Log,
    private readonly registry: SchemaRegistry,
  ) {}

  /** As things are now. Rejects as `SinkView.refresh`. */
  async fresh(plan: Plan, sink: SinkNode): Promise<SinkView> {
    const now = performance.now();
    for (const [name, { usedAt }] of this.views) if (now - usedAt > IDLE_MS) this.views.delete(name);
    const name = `${plan.pipeline}\n${sink.id}`;
    const used = this.views.get(name) ?? { view: new SinkView(plan, sink, this.log, this.registry), usedAt: now };
    this.views.set(name, used);
    used.usedAt = now;
    try {
      await used.view.refresh();
    } catch (error) {
      // What was read so far may be half of it, or too much.
      this.views.delete(name);
      throw error;
    }
    return used.view;
  }
}
