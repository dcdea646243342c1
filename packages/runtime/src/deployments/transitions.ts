/**
 * What may become of a deployed pipeline. Pure: from what is recorded to what is to be recorded.
 *
 * ```
 *  (none) ──deploy──▶ running ──deploy, compatible──▶ running (next version, same application id)
 *                     running ──deploy, rebuild────▶ running, rebuild ──promote──▶ … handover ──▶ switching ──▶ running (that version)
 *                     running ⇄ paused     (pause, resume; a rebuild goes on beside a pipeline that is paused)
 * ```
 */
import type { DeployedPipeline, DeployedVersion, DeploymentEntries, PipelineDeployments, Rebuild } from './record.js';

/** Versions kept of each pipeline; rollback and history go no further. */
export const KEPT_VERSIONS = 50;

/** A change that cannot be made, for a reason that a person can do something about. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
  constructor(
    readonly code:
      | 'not_deployed'
      | 'unknown_version'
      | 'not_paused'
      | 'already_paused'
      | 'no_rebuild'
      | 'paused'
      | 'promoting'
      | 'conflict'
      | 'too_large',
    message: string,
    readonly help?: string,
  ) {
    super(message);
  }
}

/** Who changes, when. */
export interface ChangedBy {
  /** For people: `ada@build-7`. */
  readonly by: string;
  /** ms */
  readonly at: number;
  /** Unique. */
  readonly change: string;
}

/** What a deploy brings; number, application id and time are given to it. */
export type VersionDraft = Pick<DeployedVersion, 'pipeline' | 'source' | 'layouts' | 'fingerprint' | 'settings' | 'topics' | 'summary'> & {
  readonly rollbackTo?: number;
  /**
   * - `keep`: it takes over state and positions as they are, after the last commit of the current version. A pipeline's first version, too.
   * - `rebuild`: its state begins anew from the sources' start, beside the current version, and it takes over when it has caught up.
   */
  readonly state: 'keep' | 'rebuild';
  /** With `rebuild`: it waits for `rta promote`. */
  readonly manual?: boolean;
};

/** The application id of a version that begins with state of its own. */
export function rebuiltApplicationId(pipeline: string, version: number): string {
  // Names of pipelines have no dot.
  return `rta.${pipeline}.v${String(version)}`;
}

/**
 * The next version of a pipeline. One that is being rebuilt, and has not begun to take over, is given up for it.
 *
 * @throws DeploymentError `promoting` where a version is just taking over
 */
export function deployed(before: PipelineDeployments | null, draft: VersionDraft, who: ChangedBy): DeploymentEntries {
  const { pipeline, rollbackTo, state, manual = false, ...rest } = draft;
  if (before !== null) requireNotPromoting(before);
  const version = 1 + Math.max(0, ...(before?.versions.map((each) => each.version) ?? []));
  const rebuilds = before !== null && state === 'rebuild';
  const applicationId =
    before === null ? `rta.${pipeline}` : rebuilds ? rebuiltApplicationId(pipeline, version) : currentOf(before).applicationId;
  const next: DeployedVersion = {
    ...rest,
    pipeline,
    version,
    applicationId,
    deployedAt: who.at,
    deployedBy: who.by,
    rollbackTo: rollbackTo ?? null,
  };
  const rebuild: Rebuild | null = rebuilds ? { version, phase: 'rebuilding', manual } : null;
  const current = rebuilds ? before.current : version;
  const kept = new Set([current, version]);
  const old = (before?.versions ?? []).slice(0, -KEPT_VERSIONS).filter((each) => !kept.has(each.version));
  const head = { pipeline, revision: 0, state: 'running', ...headOf(before) } as const;
  return {
    versions: [next],
    pipelines: [changed(head, { current, rebuild, ...(before === null ? {} : givenUpAfter(before)) }, who)],
    forgotten: old.map((each) => ({ pipeline, version: each.version })),
  };
}

/** @throws DeploymentError `already_paused`, `promoting` */
export function paused(before: PipelineDeployments, who: ChangedBy): DeploymentEntries {
  if (before.state === 'paused') throw new DeploymentError('already_paused', `${before.pipeline} is paused already`);
  requireNotPromoting(before);
  return only(before, { state: 'paused' }, who);
}

/** @throws DeploymentError `not_paused` */
export function resumed(before: PipelineDeployments, who: ChangedBy): DeploymentEntries {
  if (before.state === 'running') throw new DeploymentError('not_paused', `${before.pipeline} is not paused`);
  return only(before, { state: 'running' }, who);
}

/** Takes a rebuild on to its next phase, and in the end makes its version the current one. @throws DeploymentError `no_rebuild`, `paused` */
export function promoted(before: PipelineDeployments, who: ChangedBy): DeploymentEntries {
  const { rebuild } = before;
  if (rebuild === null) throw new DeploymentError('no_rebuild', `no version of ${before.pipeline} is being rebuilt`);
  // The current version has to write what it has read.
  if (before.state === 'paused') throw new DeploymentError('paused', `${before.pipeline} is paused`, 'resume it first');
  if (rebuild.phase === 'rebuilding') return only(before, { rebuild: { ...rebuild, phase: 'handover' } }, who);
  if (rebuild.phase === 'handover') return only(before, { rebuild: { ...rebuild, phase: 'switching' } }, who);
  return only(before, { current: rebuild.version, rebuild: null }, who);
}

/** Gives up a rebuild. @throws DeploymentError `no_rebuild`, `promoting` */
export function rebuildDropped(before: PipelineDeployments, who: ChangedBy): DeploymentEntries {
  if (before.rebuild === null) throw new DeploymentError('no_rebuild', `no version of ${before.pipeline} is being rebuilt`);
  requireNotPromoting(before);
  return only(before, { rebuild: null, ...givenUpAfter(before) }, who);
}

/** With the rebuild that goes on, if one does, which is given up now. */
function givenUpAfter({ rebuild, givenUp = [], versions }: PipelineDeployments): Pick<DeployedPipeline, 'givenUp'> {
  const all = [...givenUp, ...(rebuild === null ? [] : [rebuild.version])].filter((each) =>
    versions.some(({ version }) => version === each),
  );
  return all.length === 0 ? {} : { givenUp: all };
}

/** The version that writes to the sinks. */
export function currentOf({ versions, current, pipeline }: PipelineDeployments): DeployedVersion {
  return versionOf({ versions, pipeline }, current);
}

/** @throws DeploymentError `unknown_version` */
export function versionOf({ versions, pipeline }: Pick<PipelineDeployments, 'versions' | 'pipeline'>, version: number): DeployedVersion {
  const found = versions.find((each) => each.version === version);
  if (found !== undefined) return found;
  const kept = versions.map((each) => String(each.version)).join(', ');
  throw new DeploymentError('unknown_version', `${pipeline} has no version ${String(version)}`, `there is ${kept}`);
}

export type VersionState = 'running' | 'paused' | 'rebuilding' | 'promoting' | 'given up' | 'retired';

/** What a version is doing. */
export function stateOf({ state, current, rebuild, givenUp = [] }: DeployedPipeline, version: number): VersionState {
  if (version === current) return state;
  if (version !== rebuild?.version) return givenUp.includes(version) ? 'given up' : 'retired';
  return rebuild.phase === 'rebuilding' ? 'rebuilding' : 'promoting';
}

function requireNotPromoting({ rebuild, pipeline }: PipelineDeployments): void {
  if (rebuild !== null && rebuild.phase !== 'rebuilding')
    throw new DeploymentError(
      'promoting',
      `version ${String(rebuild.version)} of ${pipeline} is just taking over`,
      'try again when `rta ps` says that it runs; workers have to be there for that',
    );
}

function only(before: PipelineDeployments, change: Partial<DeployedPipeline>, who: ChangedBy): DeploymentEntries {
  const { versions: _versions, ...head } = before;
  return { versions: [], pipelines: [changed(head, change, who)], forgotten: [] };
}

function headOf(before: PipelineDeployments | null): Partial<Pick<DeployedPipeline, 'revision' | 'state'>> {
  return before === null ? {} : { revision: before.revision, state: before.state };
}

function changed(
  head: Pick<DeployedPipeline, 'pipeline' | 'revision' | 'state'> & Partial<DeployedPipeline>,
  change: Partial<DeployedPipeline>,
  { at, by, change: id }: ChangedBy,
): DeployedPipeline {
  return {
    current: 0,
    rebuild: null,
    ...head,
    ...change,
    revision: head.revision + 1,
    changedAt: at,
    changedBy: by,
    change: id,
  };
}
