import type { Plan, SinkNode } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import { SinkView, ViewTooLarge } from './sink-view.js';

/** A table that is too large to be held is not read again for that long, ms. */
const TOO_LARGE_MS = 60_000;
/** Views that nobody has asked for that long are let go, ms. */
const IDLE_MS = 600_000;

/** The views of a process, each made when it is first asked for. */
export class SinkViews {
  private readonly views = new Map<string, { readonly view: SinkView; usedAt: number }>();

  private readonly tooLarge = new Map<string, { readonly error: ViewTooLarge; readonly at: number }>();

  constructor(
    private readonly log: Log,
    private readonly registry: SchemaRegistry,
  ) {}

  /** As things are now. Rejects as `SinkView.refresh`. */
  async fresh(plan: Plan, sink: SinkNode): Promise<SinkView> {
    const now = performance.now();
    for (const [name, { usedAt }] of this.views) if (now - usedAt > IDLE_MS) this.views.delete(name);
    const name = `${plan.pipeline}\n${sink.id}`;
    const large = this.tooLarge.get(name);
    if (large !== undefined && now - large.at < TOO_LARGE_MS) throw large.error;
    const known = this.views.get(name);
    // Another version of the pipeline may have another sink.
    const used = known?.view.sink === sink ? known : { view: new SinkView(plan, sink, this.log, this.registry), usedAt: now };
    this.views.set(name, used);
    used.usedAt = now;
    try {
      await used.view.refresh();
    } catch (error) {
      // What was read so far may be half of it, or too much.
      this.views.delete(name);
      if (error instanceof ViewTooLarge) this.tooLarge.set(name, { error, at: now });
      throw error;
    }
    return used.view;
  }
}
