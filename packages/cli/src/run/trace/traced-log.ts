/**
 * A log whose members tell a tracer what they are asked and what comes of it; the worker that uses them knows nothing of it.
 *
 * ```
 * rta.cycle      from the first records after a commit to the certainty of the next one
 *   rta.fetch      waiting for records
 *   rta.process    what they led to; linked to the spans that produced them, as their headers say
 *   rta.flush      what changed becomes batches
 *   rta.commit     the transaction
 * rta.rebalance  from joining, or losing partitions, to being given some
 * rta.restore    from there to reading them
 * ```
 */
import { SpanKind, SpanStatusCode, trace, ROOT_CONTEXT, type Attributes, type Context, type Span, type Tracer } from '@opentelemetry/api';
import { messageOf } from '@rta/dsl/message-of';
import type { CommitRequest, CommitResult, Log, Member, MemberEvent, MemberOptions } from '@rta/runtime';
import { linksOf } from './links.js';

/** Of fetches in one cycle that have spans of their own; the others are counted. */
const MAX_FETCHES = 32;

type Records = Extract<MemberEvent, { readonly type: 'records' }>;

/** ms since the epoch, with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** @param pipeline whose members join by it */
export function tracedLog(log: Log, tracer: Tracer, pipeline: string): Log {
  return {
    kind: log.kind,
    topics: () => log.topics(),
    ensureTopics: (specs) => log.ensureTopics(specs),
    configureTopics: (changes) => log.configureTopics(changes),
    deleteTopics: (names) => log.deleteTopics(names),
    offsets: (topic) => log.offsets(topic),
    read: (topic, partition, from, to, signal) => log.read(topic, partition, from, to, signal),
    append: (outputs) => log.append(outputs),
    deleteRecords: (topic, partition, offset) => log.deleteRecords(topic, partition, offset),
    join: async (options: MemberOptions) => {
      const spans = new MemberSpans(tracer, { 'rta.pipeline': pipeline, 'messaging.consumer.group.name': options.group });
      spans.rebalancing();
      try {
        return traced(await log.join(options), spans);
      } catch (error) {
        spans.left(error);
        throw error;
      }
    },
    groupOffsets: (group, partitions) => log.groupOffsets(group, partitions),
    groupMembers: (group) => log.groupMembers(group),
    commitIdle: (request) => log.commitIdle(request),
    close: () => log.close(),
  };
}

function traced(member: Member, spans: MemberSpans): Member {
  return {
    next: async (timeoutMs) => {
      spans.processed(now());
      const asked = now();
      const event = await member.next(timeoutMs);
      if (event !== null) spans.came(event, asked);
      return event;
    },
    start: (topic, partition, offset) => {
      spans.restored();
      member.start(topic, partition, offset);
    },
    pause: (partitions) => {
      member.pause(partitions);
    },
    resume: (partitions) => {
      member.resume(partitions);
    },
    committed: (partitions) => member.committed(partitions),
    commit: (request) => spans.commit(request, () => member.commit(request)),
    holds: (held) => {
      member.holds(held);
    },
    leave: async () => {
      spans.left();
      await member.leave();
    },
  };
}

interface Cycle {
  readonly span: Span;
  readonly context: Context;
  records: number;
  fetches: number;
}

class MemberSpans {
  /** What has been read since the last commit was begun. */
  private cycle: Cycle | null = null;
  private process: Span | null = null;
  private rebalance: Span | null = null;
  private restore: Span | null = null;

  constructor(
    private readonly tracer: Tracer,
    private readonly attributes: Attributes,
  ) {}

  rebalancing(): void {
    this.rebalance ??= this.tracer.startSpan('rta.rebalance', { attributes: this.attributes, startTime: now() }, ROOT_CONTEXT);
  }

  came(event: MemberEvent, asked: number): void {
    switch (event.type) {
      case 'assigned':
        this.rebalance?.setAttribute('rta.partitions', event.partitions.length).end(now());
        this.rebalance = null;
        this.restore?.end(now());
        this.restore = this.tracer.startSpan(
          'rta.restore',
          { attributes: { ...this.attributes, 'rta.partitions': event.partitions.length, 'rta.standbys': event.standbys.length }, startTime: now() },
          ROOT_CONTEXT,
        ); // prettier-ignore
        if (event.partitions.length === 0) this.restored();
        break;
      case 'revoked':
        this.drop('partitions were taken away');
        this.rebalancing();
        break;
      case 'failed':
        this.drop(event.error);
        break;
      case 'records':
        this.fetched(event, asked);
    }
  }

  restored(): void {
    this.restore?.end(now());
    this.restore = null;
  }

  private fetched({ topic, partition, batches, nextOffset }: Records, asked: number): void {
    this.cycle ??= this.begin(asked);
    const { cycle } = this;
    const count = batches.reduce((sum, batch) => sum + batch.recordCount, 0);
    cycle.records += count;
    cycle.fetches++;
    if (cycle.fetches > MAX_FETCHES || !cycle.span.isRecording()) return;
    const came = now();
    const attributes = { 'messaging.destination.name': topic, 'messaging.destination.partition.id': String(partition) };
    this.tracer.startSpan('rta.fetch', { attributes, startTime: asked }, cycle.context).end(came);
    this.process = this.tracer.startSpan(
      'rta.process',
      {
        attributes: { ...attributes, 'messaging.batch.message_count': count, 'rta.next_offset': nextOffset },
        links: linksOf(batches),
        startTime: came,
      },
      cycle.context,
    );
  }

  processed(at: number): void {
    this.process?.end(at);
    this.process = null;
  }

  async commit(request: CommitRequest, send: () => Promise<CommitResult>): Promise<CommitResult> {
    const at = now();
    const flushedFrom = at - (request.flushMs ?? 0);
    this.processed(flushedFrom);
    const { span, context, records, fetches } = this.cycle ?? this.begin(flushedFrom);
    this.cycle = null;
    span.setAttributes({ 'rta.records': records, 'rta.fetches': fetches });
    this.tracer.startSpan('rta.flush', { startTime: flushedFrom }, context).end(at);
    const bytes = request.outputs.reduce((sum, { batch }) => sum + batch.length, 0);
    const written = request.outputs.reduce((sum, { recordCount }) => sum + recordCount, 0);
    const attributes = { 'rta.batches': request.outputs.length, 'rta.records': written, 'rta.bytes': bytes };
    const commit = this.tracer.startSpan('rta.commit', { kind: SpanKind.PRODUCER, attributes, startTime: at }, context);
    try {
      return await send();
    } catch (error) {
      failed(commit, error);
      failed(span, error);
      throw error;
    } finally {
      commit.end(now());
      span.end(now());
    }
  }

  /** @param error why, where it was not meant to be */
  left(error?: unknown): void {
    this.drop(error);
    for (const span of [this.rebalance, this.restore]) {
      if (span !== null && error !== undefined) failed(span, error);
      span?.end(now());
    }
    this.rebalance = this.restore = null;
  }

  /** What was read is not committed. */
  private drop(error: unknown): void {
    this.processed(now());
    if (this.cycle === null) return;
    if (error !== undefined) failed(this.cycle.span, error);
    this.cycle.span.end(now());
    this.cycle = null;
  }

  private begin(startTime: number): Cycle {
    const span = this.tracer.startSpan('rta.cycle', { kind: SpanKind.CONSUMER, attributes: this.attributes, startTime }, ROOT_CONTEXT);
    return { span, context: trace.setSpan(ROOT_CONTEXT, span), records: 0, fetches: 0 };
  }
}

function failed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
}
