/** Which version of a pipeline may run under its application id: see deployments/take-over.ts. */
import type { CommittedOffset } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { PipelineError } from './errors.js';
import { decodePosition } from './position.js';

/** The greatest that is committed; 0: none. */
export function epochOf(committed: readonly CommittedOffset[]): number {
  return committed.reduce((max, { metadata }) => Math.max(max, decodePosition(metadata)?.epoch ?? 0), 0);
}

/** @throws PipelineError `superseded` where a later version has taken over */
export function requireCurrent({ pipeline, applicationId }: PhysicalPlan, committed: readonly CommittedOffset[], epoch: number): void {
  if (epochOf(committed) <= epoch) return;
  throw new PipelineError(
    'superseded',
    epoch === 0
      ? `${applicationId} is deployed: rta worker runs it, and rta ps says which version; rta reset ${pipeline} makes it one that rta run may run`
      : `a later version of ${pipeline} has taken over ${applicationId}`,
    false,
  );
}
