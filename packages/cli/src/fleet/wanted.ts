import type { DeployedVersion, PipelineDeployments } from '@rta/runtime';
import { currentOf, versionOf } from '@rta/runtime';

/**
 * How a version is run:
 * - `live`: for all to see.
 * - `shadow`: beside the current one, while it is rebuilt.
 * - `handover`: no more is read of its sources, and it ends when all that is on its way is written.
 */
export type RunMode = 'live' | 'shadow' | 'handover';

export interface WantedRun {
  readonly version: DeployedVersion;
  readonly mode: RunMode;
}

/** What workers are to run of a pipeline now. */
export function wantedRuns(pipeline: PipelineDeployments): WantedRun[] {
  const { state, rebuild } = pipeline;
  const shadow =
    rebuild === null || rebuild.phase === 'switching' ? [] : [{ version: versionOf(pipeline, rebuild.version), mode: 'shadow' as const }];
  if (rebuild?.phase === 'switching') return [];
  if (rebuild?.phase === 'handover') return [{ version: currentOf(pipeline), mode: 'handover' }, ...shadow];
  return state === 'paused' ? shadow : [{ version: currentOf(pipeline), mode: 'live' }, ...shadow];
}

/**
 * Of all that runs under one application id, in the order in which it does: a rebuild is one epoch while nobody sees it, and another when
 * it has taken over.
 */
export function epochOfRun({ version }: DeployedVersion, mode: RunMode): number {
  return 2 * version + (mode === 'shadow' ? 0 : 1);
}

/** What people are told of it by. */
export function nameOf({ version: { pipeline, version }, mode }: WantedRun): { pipeline: string; version: number; mode: RunMode } {
  return { pipeline, version, mode };
}

export function runKey({ version: { pipeline, version }, mode }: WantedRun): string {
  return `${pipeline} ${String(version)} ${mode}`;
}
