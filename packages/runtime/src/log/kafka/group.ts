/**
 * Membership of a consumer group: joins, shares out the partitions where it is the leader, and sends heartbeats on a timer of its own,
 * whatever the worker is busy with.
 *
 * ```
 *              join + sync              REBALANCE_IN_PROGRESS
 *   joining ───────────────▶ member ─────────────────────────▶ releasing ──▶ joining
 *      ▲                       │ UNKNOWN_MEMBER_ID,              (heartbeats go on until the worker has let go,
 *      │                       │ ILLEGAL_GENERATION               for `releaseMs` at most)
 *      └───────────────────────┘
 *   any ──leave()──▶ left                any ──not retriable, or too long without an answer──▶ failed
 * ```
 */
import { messageOf } from '@rta/dsl/message-of';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HeldState, LogError, type TopicPartition } from '../log.js';
import { assign, type GroupMember } from './assigner.js';
import type { Brokers } from './brokers.js';
import { CODE, check, isCode, isRetriable, toLogError } from './errors.js';
import { loadKafkaJs } from './load-kafkajs.js';
import { heartbeat, joinGroup, type JoinGroupResponse, leaveGroup, syncGroup } from './requests.js';
import { backoffMs } from './retry.js';

const PROTOCOL = 'rta-sticky-1';
/** Of the consumer protocol's metadata, which Kafka's tools read too. */
const METADATA_VERSION = 0;

/** The coordinator is loading, not there, or another one. */
const ELSEWHERE: readonly number[] = [14, CODE.COORDINATOR_NOT_AVAILABLE, CODE.NOT_COORDINATOR];

/** Membership in one generation of the group: what proves to the coordinator on whose behalf offsets are committed. */
export interface Generation {
  readonly generationId: number;
  readonly memberId: string;
}

export interface GroupOptions {
  readonly group: string;
  /**
   * The same after a restart: a static member (KIP-345). A process that was killed and comes back takes the place of its former self at
   * once; without it the group would wait for the session of the dead one to time out.
   */
  readonly name: string;
  readonly topics: readonly string[];
  readonly standby: number;
  /** Where this process answers; null: nowhere. */
  readonly address: string | null;
  /** ms without a heartbeat after which the coordinator gives the partitions to others. */
  readonly sessionTimeoutMs: number;
  /** ms that the coordinator waits for members to join again. */
  readonly rebalanceTimeoutMs: number;
}

export interface GroupEvents {
  readonly assigned: (generation: Generation, partitions: readonly TopicPartition[], standbys: readonly TopicPartition[]) => void;
  /** A rebalance has begun: resolves when the worker has let go of its partitions. They are ours until then. */
  readonly release: () => Promise<void>;
  /** The partitions may be another's by now. Comes before every joining. */
  readonly lost: () => void;
  readonly failed: (error: LogError) => void;
}

export class GroupMembership {
  private memberId = '';
  private generationId = -1;
  private owned: readonly TopicPartition[] = [];
  /** The generation in which it was given those. */
  private ownedSince = -1;
  /** State that this member has, for the next assignment. */
  held: readonly HeldState[] = [];
  private left = false;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private readonly heartbeatMs: number;

  constructor(
    private readonly brokers: Brokers,
    private readonly options: GroupOptions,
    private readonly events: GroupEvents,
  ) {
    this.heartbeatMs = Math.max(50, Math.min(500, options.sessionTimeoutMs / 6));
  }

  start(): void {
    this.running = this.run();
  }

  /** Leaves at once, so that the others need not wait for the session to time out. Never rejects. */
  async leave(): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.stopping.abort();
    if (this.memberId !== '') await this.sayGoodbye();
  }

  private async sayGoodbye(): Promise<void> {
    try {
      const { group, name } = this.options;
      const coordinator = await this.brokers.coordinator('group', group);
      // On the other connection: a JoinGroup may be holding this one up.
      const { errorCode } = await this.brokers.send(coordinator, leaveGroup(group, this.memberId, name), 'data');
      check(errorCode, `leaving group ${this.options.group}`);
    } catch (error) {
      this.brokers.warn(`group ${this.options.group} was not left in good order: ${messageOf(error)}`);
    }
  }

  /** Resolves when nothing of this runs any more; the connections must have been closed. */
  async ended(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    let failingSince = 0;
    while (!this.left) {
      try {
        this.events.lost();
        await this.joinAndSync();
        failures = 0;
        await this.stay();
      } catch (error) {
        if (this.left) return;
        if (isCode(error, CODE.UNKNOWN_MEMBER_ID)) this.forgetMember();
        const rejoin = isCode(error, CODE.UNKNOWN_MEMBER_ID, CODE.ILLEGAL_GENERATION, CODE.REBALANCE_IN_PROGRESS);
        if (!rejoin && !isRetriable(error)) {
          this.fail(error);
          return;
        }
        if (failures++ === 0) failingSince = performance.now();
        if (performance.now() - failingSince > this.brokers.settings.retryMs) {
          this.fail(error);
          return;
        }
        this.brokers.forget(error, ...this.options.topics);
        await this.pause(rejoin ? 5 : backoffMs(failures, 20));
      }
    }
  }

  private fail(error: unknown): void {
    const mapped = toLogError(error);
    this.left = true;
    this.events.failed(
      mapped instanceof LogError
        ? mapped
        : new LogError('unreachable', `group ${this.options.group}: ${messageOf(error)}`, false, { cause: error }),
    );
  }

  private forgetMember(): void {
    // What it had it still claims, with the old generation: whoever has it by now keeps it.
    this.memberId = '';
    this.generationId = -1;
  }

  private async joinAndSync(): Promise<void> {
    const { group, sessionTimeoutMs, rebalanceTimeoutMs } = this.options;
    const coordinator = await this.brokers.coordinator('group', group);
    const request = (): Promise<JoinGroupResponse> =>
      this.brokers.send(
        coordinator,
        joinGroup({
          groupId: group,
          sessionTimeout: sessionTimeoutMs,
          rebalanceTimeout: rebalanceTimeoutMs,
          memberId: this.memberId,
          groupInstanceId: this.options.name,
          groupProtocols: this.protocols(),
        }),
        'group',
      );
    let joined = await request();
    if (joined.errorCode === CODE.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId;
      if (this.left) {
        await this.sayGoodbye();
        return;
      }
      joined = await request();
    }
    check(joined.errorCode, `joining group ${group}`);
    this.memberId = joined.memberId;
    this.generationId = joined.generationId;
    const leads = joined.leaderId === joined.memberId;
    const synced = await this.brokers.send(
      coordinator,
      syncGroup({
        groupId: group,
        generationId: this.generationId,
        memberId: this.memberId,
        groupInstanceId: this.options.name,
        groupAssignment: leads ? await this.share(joined) : [],
        requestTimeout: rebalanceTimeoutMs + 5_000,
      }),
      'group',
    );
    check(synced.errorCode, `taking part in group ${group}`);
    const { partitions, standbys } = decodeAssignment(synced.memberAssignment);
    this.owned = partitions;
    this.ownedSince = this.generationId;
    if (!this.left) this.events.assigned({ generationId: this.generationId, memberId: this.memberId }, this.owned, standbys);
  }

  /** Heartbeats until the group rebalances; throws when it goes on without us, or cannot be reached. */
  private async stay(): Promise<void> {
    let release: Promise<void> | undefined;
    let released = false;
    for (;;) {
      await (release === undefined || released ? this.pause(this.heartbeatMs) : Promise.race([release, this.pause(this.heartbeatMs)]));
      if (this.left || released) return;
      const errorCode = await this.beat();
      if (errorCode === CODE.REBALANCE_IN_PROGRESS)
        release ??= this.events.release().then(() => {
          released = true;
        });
      else check(errorCode, `the heartbeat to group ${this.options.group}`);
    }
  }

  /** One heartbeat; tried again while the coordinator moves or loads, which the membership outlives. */
  private beat(): Promise<number> {
    const { group, name } = this.options;
    return this.brokers.retrying(
      [],
      async () => {
        const coordinator = await this.brokers.coordinator('group', group);
        const beat = { groupId: group, groupGenerationId: this.generationId, memberId: this.memberId, groupInstanceId: name };
        const { errorCode } = await this.brokers.send(coordinator, heartbeat(beat), 'group');
        if (ELSEWHERE.includes(errorCode)) check(errorCode, `the heartbeat to group ${group}`);
        return errorCode;
      },
      this.sessionDeadline(),
    );
  }

  /** Within the session a heartbeat may come late; after it the membership is gone. */
  private sessionDeadline(): ReturnType<Brokers['deadline']> {
    return this.brokers.deadline(this.options.sessionTimeoutMs);
  }

  /** As leader: everybody's partitions. */
  private async share(joined: JoinGroupResponse): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const { MemberAssignment } = loadKafkaJs().assignerProtocol;
    const members = joined.members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata));
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    const counts = new Map<string, number>();
    for (const { topic, partitionMetadata } of await this.brokers.refresh(topics)) counts.set(topic, partitionMetadata.length);
    return [...assign(members, counts)].map(([memberId, { partitions, standbys }]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: METADATA_VERSION,
        assignment: partitions,
        userData: Buffer.from(JSON.stringify({ standbys })),
      }),
    }));
  }

  /**
   * The coordinator gives a static member that comes back its old assignment, without a rebalance, unless another protocol is chosen: with
   * other topics, or another number of copies, it must be. Members of unlike topics (a rolling change) agree on the second one.
   */
  private protocols(): { name: string; metadata: Buffer }[] {
    const metadata = this.encodeMetadata();
    const { topics: read, standby } = this.options;
    const topics = createHash('sha256')
      .update([...read, ...(standby > 0 ? [`standby ${standby}`] : [])].sort().join('\n'))
      .digest('hex')
      .slice(0, 16);
    return [
      { name: `${PROTOCOL}-${topics}`, metadata },
      { name: PROTOCOL, metadata },
    ];
  }

  private encodeMetadata(): Buffer {
    const { MemberMetadata } = loadKafkaJs().assignerProtocol;
    const { name, standby, topics, address } = this.options;
    const { ownedSince: generation, owned, held } = this;
    const userData = Buffer.from(JSON.stringify({ name, generation, owned, standby, held, ...(address === null ? {} : { address }) }));
    return MemberMetadata.encode({ version: METADATA_VERSION, topics: [...topics], userData });
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function decodeMember(memberId: string, metadata: Buffer): GroupMember {
  const decoded = loadKafkaJs().assignerProtocol.MemberMetadata.decode(metadata);
  const topics = decoded?.topics ?? [];
  try {
    const { name, generation, owned, standby = 0, held = [] } = JSON.parse(decoded?.userData?.toString() ?? '') as Partial<GroupMember>;
    if (typeof name === 'string' && typeof generation === 'number' && Array.isArray(owned))
      return { memberId, name, topics, owned, generation, standby, held };
  } catch {
    // Of another version: it has no history then.
  }
  return { memberId, name: memberId, topics, owned: [], generation: -1, standby: 0, held: [] };
}

/** What a member joined with as its address; null: none. */
export function addressOf(metadata: Buffer): string | null {
  try {
    const decoded = loadKafkaJs().assignerProtocol.MemberMetadata.decode(metadata);
    const { address } = JSON.parse(decoded?.userData?.toString() ?? '') as { readonly address?: unknown };
    return typeof address === 'string' ? address : null;
  } catch {
    return null;
  }
}

export function decodeAssignment(bytes: Buffer): { readonly partitions: TopicPartition[]; readonly standbys: readonly TopicPartition[] } {
  const decoded = loadKafkaJs().assignerProtocol.MemberAssignment.decode(bytes);
  const partitions = Object.entries(decoded?.assignment ?? {}).flatMap(([topic, numbers]) =>
    numbers.map((partition) => ({ topic, partition })),
  );
  const userData = decoded?.userData?.toString() ?? '';
  const { standbys } = (userData === '' ? { standbys: [] } : JSON.parse(userData)) as { standbys: readonly TopicPartition[] };
  return { partitions, standbys };
}
