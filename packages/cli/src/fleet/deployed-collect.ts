/** Where `collect:` of `rta worker` writes: to the source as the version has it that reads it, of those that this process runs. */
import { messageOf } from '@rta/dsl/message-of';
import type { CollectTarget } from '@rta/serve';
import type { Backend } from '../backend/backend.js';
import { collectTarget, type DeclaredCollect } from '../run/http.js';
import type { CrewHooks } from './crew.js';
import type { LiveVersion } from './live-versions.js';

export class DeployedCollect {
  /** Null: no version that reads the source has run here. One that has is enough: its topic takes events while it is paused, or fails. */
  target: CollectTarget | null = null;
  /** The version that the target is of, or is being looked for. */
  private key = '';
  private looking = false;
  private said = '';

  constructor(
    private readonly declared: DeclaredCollect,
    private readonly backend: Backend,
    private readonly hooks: Pick<CrewHooks, 'warning'>,
  ) {}

  /** Once a second. */
  follow(live: readonly LiveVersion[]): void {
    const version = live.find(({ plan }) => plan.sources.some(({ name }) => name === this.declared.source));
    if (version === undefined || version.key === this.key || this.looking) return;
    this.looking = true;
    void collectTarget(this.declared, this.backend, [version.plan])
      .then(
        (target) => {
          this.target = target;
          this.key = version.key;
        },
        (error: unknown) => {
          // Tried again, and told once.
          const message = messageOf(error);
          if (message !== this.said) this.hooks.warning(version.plan.pipeline, message);
          this.said = message;
        },
      )
      .finally(() => (this.looking = false));
  }
}
