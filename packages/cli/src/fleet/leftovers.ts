/**
 * Takes away what versions have left that nobody will run again (rebuilds that were given up, versions that another one has taken over from): their
 * repartition, changelog and staging topics, and their state in this worker's directory. No version ever gets their application id again.
 */
import type { DeploymentsSnapshot, Log, PipelineDeployments } from '@rta/runtime';

/** ms for which nobody must be meant to run it, and between tries: a change of the record may have been read by half. */
const SURE_MS = 5_000;

export class Leftovers {
  /** Application ids of which nothing is left here. */
  private readonly done = new Set<string>();
  /** Since when they are to be removed, `performance.now()`. */
  private readonly since = new Map<string, number>();
  private removing: Promise<void> | null = null;

  /**
   * @param removeState of an application id, in this worker's directory
   * @param onTrouble told of what is tried again
   */
  constructor(
    private readonly log: Log,
    private readonly removeState: (applicationId: string) => Promise<void>,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** Called again and again. @param busy application ids that something runs as here */
  look({ pipelines }: DeploymentsSnapshot, busy: ReadonlySet<string>): void {
    const now = performance.now();
    const stale = new Set([...pipelines.values()].flatMap(retiredIds).filter((id) => !this.done.has(id) && !busy.has(id)));
    for (const id of this.since.keys()) if (!stale.has(id)) this.since.delete(id);
    for (const id of stale) if (!this.since.has(id)) this.since.set(id, now);
    const due = [...this.since].flatMap(([id, since]) => (now - since >= SURE_MS ? [id] : []));
    if (due.length === 0 || this.removing !== null) return;
    this.removing = this.remove(due)
      .catch(this.onTrouble)
      .finally(() => {
        this.removing = null;
        for (const id of due) this.since.set(id, performance.now());
      });
  }

  /** Resolves when what is being removed is gone. */
  async settled(): Promise<void> {
    await this.removing;
  }

  private async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      // Another worker may still be about to stop.
      if ((await this.log.groupMembers(id)).length > 0) continue;
      const topics = !isRebuilt(id) ? [] : (await this.log.topics()).map(({ name }) => name).filter((name) => name.startsWith(`${id}-`));
      if (topics.length > 0) await this.log.deleteTopics(topics);
      await this.removeState(id);
      this.done.add(id);
    }
  }
}

function retiredIds({ versions, current, rebuild }: PipelineDeployments): string[] {
  const live = new Set(
    versions.flatMap(({ version, applicationId }) => (version === current || version === rebuild?.version ? [applicationId] : [])),
  );
  return [...new Set(versions.map(({ applicationId }) => applicationId))].filter((id) => !live.has(id));
}

/**
 * `rta.totals.v3` begins nobody else's topics, since names of pipelines have no dot. Those of what a pipeline ran as at first, `rta.totals`, are
 * removed by the rebuild that takes over from it.
 */
function isRebuilt(applicationId: string): boolean {
  return /^rta\.[^.]+\.v\d+$/.test(applicationId);
}
