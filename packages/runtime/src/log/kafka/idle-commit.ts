/** Commits for a group in which nobody runs: as its only member, so that whoever ran before, or comes now, is fenced as in any rebalance. */
import {
  type CommitResult,
  type CommittedOffset,
  type GroupMemberDescription,
  type IdleCommit,
  LogError,
  type MemberOptions,
} from '../log.js';
import type { Brokers } from './brokers.js';
import { check } from './errors.js';
import { addressOf, decodeAssignment } from './group.js';
import { KafkaMember } from './member.js';
import { SharedReads } from './shared-reads.js';
import type { KafkaSettings } from './options.js';
import { describeGroup } from './requests.js';

/** ms; brokers' `transaction.max.timeout.ms` is 15 minutes by default. */
const LONG_MS = 600_000;

export async function groupMembers(brokers: Brokers, group: string): Promise<GroupMemberDescription[]> {
  return brokers.retrying([], async () => {
    const coordinator = await brokers.coordinator('group', group);
    const { groups } = await brokers.send(coordinator, describeGroup(group), 'group');
    for (const { errorCode } of groups) check(errorCode, `the members of group ${group}`);
    return groups.flatMap(({ members }) =>
      members.map(({ memberId, clientHost, memberMetadata, memberAssignment }) => {
        const address = addressOf(memberMetadata);
        const partitions = address === null || memberAssignment.length === 0 ? [] : decodeAssignment(memberAssignment).partitions;
        return { id: memberId, host: clientHost.replace(/^\//, ''), address, partitions };
      }),
    );
  });
}

/** Rejects with LogError as `Log.commitIdle` says. */
export async function commitIdle(settings: KafkaSettings, brokers: Brokers, request: IdleCommit): Promise<CommitResult> {
  const { group, transactionalId, expected, outputs, offsets } = request;
  // Asked first: joining would make those that run share out their partitions anew.
  const running = await groupMembers(brokers, group);
  if (running.length > 0) throw inUse(group, running);
  const topics = [...new Set([...expected, ...offsets].map(({ topic }) => topic))];
  const member = await joined(settings, { group, topics, transactionalId }, Symbol.asyncIterator in outputs);
  try {
    const epoch = await assignedEpoch(member, settings.retryMs, group);
    const members = await groupMembers(brokers, group);
    // Who comes from here on has to wait for this one, or makes its commit fail.
    if (members.length > 1) throw inUse(group, members);
    requireOffsets(group, expected, await member.committed(expected));
    return await member.commit({ epoch, outputs, offsets });
  } finally {
    await member.leave();
  }
}

/** @param long parts are still to be made while the transaction is open; where brokers do not let it last, it has to be quick */
async function joined(settings: KafkaSettings, options: MemberOptions, long: boolean): Promise<KafkaMember> {
  const join = (more: Pick<MemberOptions, 'transactionTimeoutMs'>): Promise<KafkaMember> =>
    KafkaMember.join(settings, { ...options, ...more }, new SharedReads(), () => undefined);
  if (!long) return join({});
  return join({ transactionTimeoutMs: LONG_MS }).catch((error: unknown) => {
    if (!(error instanceof LogError) || error.code !== 'configuration') throw error;
    return join({});
  });
}

async function assignedEpoch(member: KafkaMember, timeoutMs: number, group: string): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const event = await member.next(Math.max(0, Math.min(500, deadline - performance.now())));
    if (event?.type === 'failed') throw event.error;
    if (event?.type === 'assigned') return event.epoch;
    if (performance.now() > deadline) throw new LogError('unreachable', `group ${group} does not come to an assignment`, true);
  }
}

function inUse(group: string, members: readonly GroupMemberDescription[]): LogError {
  const who = members.map(({ id, host }) => (host === '' ? id : `${id} on ${host}`)).join(', ');
  return new LogError('in_use', `group ${group} has running members: ${who}`, true);
}

function requireOffsets(group: string, expected: readonly CommittedOffset[], found: readonly CommittedOffset[]): void {
  for (const [i, { topic, partition, offset, metadata }] of expected.entries())
    if (found[i].offset !== offset || found[i].metadata !== metadata)
      throw new LogError(
        'fenced',
        `group ${group} is at another offset of ${topic}-${partition} than expected: somebody has committed`,
        true,
      );
}
