/** Outputs that go elsewhere, or nowhere: of a version that is not to be seen yet. */
import { MAX_TIMESTAMP, readInt64 } from '../log/batch/layout.js';
import type { CommitResult, OutputBatch } from '../log/log.js';
import type { RepartitionPurge } from './repartition-purge.js';
import type { TaskCommit } from './task.js';

/** By topic of the plan: the topic to write to, or null to write nothing. */
export type OutputRoute = (topic: string) => string | null;

/** What is sent of some outputs. `all` gives what the log says of it back as of all outputs; those that were not sent have offset -1. */
export function routed(
  outputs: readonly OutputBatch[],
  route: OutputRoute | undefined,
): { readonly sent: readonly OutputBatch[]; readonly all: (result: CommitResult) => readonly number[] } {
  if (route === undefined) return { sent: outputs, all: ({ baseOffsets }) => baseOffsets };
  const topics = outputs.map(({ topic }) => route(topic));
  return {
    sent: outputs.flatMap((output, i) => (topics[i] === null ? [] : [{ ...output, topic: topics[i] }])),
    all: ({ baseOffsets }) => {
      let at = 0;
      return topics.map((topic) => (topic === null ? -1 : baseOffsets[at++]));
    },
  };
}

/**
 * Tells tasks, and the purge of repartition topics, that their commits are certain. `fresh` is told how new is what each task gave a sink: the
 * greatest event time of its rows, ms. One row alone says nothing of it, since a board may move a row that has had no event for long.
 */
export function tellConfirmed(
  commits: readonly TaskCommit[],
  baseOffsets: readonly number[],
  purge: RepartitionPurge,
  fresh: (eventTime: number) => void,
): void {
  let at = 0;
  for (const commit of commits) {
    const offsets = baseOffsets.slice(at, at + commit.outputs.length);
    purge.confirmed(commit, offsets);
    commit.task.confirmed(commit, offsets);
    const newest = new Map<string, number>();
    for (const { topic, batch } of commit.outputs.slice(commit.changelogBatches))
      if (!purge.topics.has(topic)) newest.set(topic, Math.max(newest.get(topic) ?? -Infinity, readInt64(batch, MAX_TIMESTAMP)));
    for (const eventTime of newest.values()) fresh(eventTime);
    at += commit.outputs.length;
  }
}
