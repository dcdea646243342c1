/** A version that workers deploy by themselves: `onIncompatibleSchemaChange: rebuild` where a source's new schema needs other state. */
import {
  changedBy,
  deployed,
  ownTopics,
  pipelineOf,
  planFingerprint,
  planStages,
  rebuiltApplicationId,
  type DeployedVersion,
  type DeploymentEntries,
  type Deployments,
} from '@rta/runtime';
import { layoutsOf } from '../deploy/pipeline-items.js';
import type { RebuildWith } from '../run/source-changes.js';

const NOTHING: DeploymentEntries = { versions: [], pipelines: [], forgotten: [] };

/**
 * Records the same text with the newer schema as the next version, to be rebuilt beside `version`, unless that is not the current one any more,
 * or a rebuild is under way. Each worker that meets such a record does so; the first one's is the one.
 *
 * @param by for people
 */
export function deployRebuild(deployments: Deployments, version: DeployedVersion, by: string): RebuildWith {
  return async (next, { topic, version: { version: schemaVersion, schema } }) => {
    let outcome = '';
    await deployments.change((now) => {
      const before = pipelineOf(now, version.pipeline);
      if (before.current !== version.version || before.rebuild !== null) {
        outcome = `version ${String(before.rebuild?.version ?? before.current)} takes its place`;
        return NOTHING;
      }
      const number = 1 + Math.max(...before.versions.map((each) => each.version));
      const physical = planStages(next, { applicationId: rebuiltApplicationId(version.pipeline, number) });
      const source = { ...version.source, readers: { ...version.source.readers, [topic]: JSON.stringify(schema) } };
      outcome = `version ${String(number)}, with it, is rebuilt beside this one, and takes over when it has caught up`;
      return deployed(
        before,
        {
          pipeline: version.pipeline,
          source,
          layouts: layoutsOf({ physical }),
          fingerprint: planFingerprint(next, source.modules),
          settings: version.settings,
          topics: [...version.topics.filter((name) => !name.startsWith(`${version.applicationId}-`)), ...ownTopics(physical)],
          summary: `${topic} is read with version ${String(schemaVersion)} of ${topic}-value`,
          state: 'rebuild',
        },
        changedBy(by, Date.now()),
      );
    });
    return outcome;
  };
}
