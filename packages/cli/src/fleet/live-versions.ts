/** The versions that this process runs for all to see, as they change. */
import type { Plan } from '@rta/dsl';
import { Deployments, pipelineOf, versionOf, type DeployedSource, type Log, type WorkerSnapshot } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { compileDeployed } from '../project/compile-deployed.js';
import type { Crew } from './crew.js';

export interface LiveVersion {
  /** Of the crew's run. */
  readonly key: string;
  readonly plan: Plan;
  readonly source: DeployedSource;
  /** The last one that there was. */
  snapshot(): WorkerSnapshot;
}

export class LiveVersions {
  private readonly deployments: Deployments;
  private known: readonly LiveVersion[] = [];

  constructor(
    private readonly context: CliContext,
    log: Log,
    private readonly crew: Crew,
  ) {
    this.deployments = new Deployments(log);
  }

  /** Those that have begun, also while they wait after a failure. One look at a time. */
  async look(): Promise<readonly LiveVersion[]> {
    const versions: LiveVersion[] = [];
    for (const { key, mode, pipeline, version, snapshot } of this.crew.runs()) {
      if (mode !== 'live') continue;
      const known = this.known.find((each) => each.key === key);
      if (known !== undefined) versions.push(known);
      else if (snapshot !== null) versions.push(await this.compiled(key, pipeline, version, snapshot));
    }
    return (this.known = versions);
  }

  private async compiled(key: string, pipeline: string, version: number, begun: WorkerSnapshot): Promise<LiveVersion> {
    const { applicationId, source } = versionOf(pipelineOf(await this.deployments.read(), pipeline), version);
    const plan = { ...compileDeployed(this.context, pipeline, source), applicationId };
    let last = begun;
    const snapshot = (): WorkerSnapshot => (last = this.crew.runs().find((run) => run.key === key)?.snapshot ?? last);
    return { key, plan, source, snapshot };
  }
}
