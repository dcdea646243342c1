/**
 * Tells one target of the incidents of one pipeline: reads the topic of transitions as a group of its own (group-reader.ts), and commits an
 * offset when all before it was delivered. So each is delivered at least once, those of an incident in their order; a target that is down
 * holds back itself only. Repeats carry the same `dedup_key` and the same idempotency key.
 */
import type { NotifyTarget } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { type Log, type LogRecord, tpKey } from '@rta/runtime';
import { type DrainLimit, GroupReader } from '../group-reader.js';
import { deliver, DELIVERY, type DeliverySettings } from './deliver.js';
import { type Incident, IncidentReader } from './incident.js';
import type { NotifyFigures } from './notify-figures.js';
import { requestOf } from './request.js';

export interface NotifierOptions {
  readonly log: Log;
  readonly registry: Pick<SchemaRegistry, 'byId'>;
  readonly pipeline: string;
  /** The topic of its incidents. */
  readonly topic: string;
  readonly target: NotifyTarget;
  /** The names of the alerts that the target is told of. */
  readonly alerts: ReadonlySet<string>;
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  /** Told what was not delivered, and why. */
  readonly onWarning: (message: string) => void;
  /** Told what the target has answered. */
  readonly onTold?: (told: Told) => void;
  /** Where it is counted. */
  readonly figures?: NotifyFigures;
  readonly delivery?: DeliverySettings;
}

/** What became of a transition for a target. */
export interface Told {
  readonly target: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly result: 'delivered' | 'refused' | 'given-up';
  /** ms since the epoch */
  readonly at: number;
  /** Why it was not delivered; null: it was. */
  readonly why: string | null;
}

/** The consumer group in which a target reads the topic of a pipeline's incidents. */
export function notifyGroup(pipeline: string, target: string): string {
  return `rta.${pipeline}.notify.${target}`;
}

/** A transition that was read, and is to be delivered. */
interface Transition {
  readonly partition: number;
  readonly offset: number;
  /** Null: none that the target is told of. */
  readonly incident: Incident | null;
}

/** So many transitions are read ahead, and so many delivered at a time. */
const [MOST_WAITING, MOST_AT_ONCE] = [1_000, 32];

export class Notifier {
  private readonly incidents: IncidentReader;
  private readonly reader: GroupReader<Transition>;

  constructor(private readonly options: NotifierOptions) {
    const { log, registry, pipeline, topic, target, workerId } = options;
    this.incidents = new IncidentReader(registry);
    const group = notifyGroup(pipeline, target.name);
    this.reader = new GroupReader({
      log,
      topic,
      group,
      transactionalId: `${group}.${workerId}`,
      mostRecords: MOST_WAITING,
      together: oneOfEach,
      lingerMs: 0,
      read: (record, partition) => this.read(record, partition),
      take: async ({ items }, signal) => {
        const done = await Promise.all(items.map((one) => this.tell(one, signal)));
        if (done.includes(false)) signal.throwIfAborted();
      },
    });
  }

  /** Resolves after `stop`, or when `drain` is done; rejects with what the log fails with for good. */
  run(): Promise<void> {
    return this.reader.run();
  }

  /** Delivers what the topic holds now, in so long at most; then `run` resolves. */
  drain(limit: DrainLimit): Promise<void> {
    return this.reader.drain(limit);
  }

  /** See `GroupReader`. */
  get drained(): boolean {
    return this.reader.drained;
  }

  stop(): void {
    this.reader.stop();
  }

  private async read({ offset, value }: LogRecord, partition: number): Promise<Transition> {
    const incident = await this.incidents.read(value);
    const isTold = incident !== null && this.options.alerts.has(incident.alert);
    return { partition, offset, incident: isTold ? incident : null };
  }

  /** Whether it is done with; if not, the signal is aborted. */
  private async tell({ partition, offset, incident }: Transition, signal: AbortSignal): Promise<boolean> {
    if (incident === null) return true;
    const { pipeline, target, topic, delivery = DELIVERY, onWarning, figures } = this.options;
    const what = `${target.name} is not told that ${incident.dedupKey} has a ${incident.action}`;
    const request = requestOf(target, pipeline, incident, tpKey(topic, partition) + `-${String(offset)}`);
    let retrying = 0;
    const outcome = await deliver(request, delivery, signal, (why) => {
      retrying = 1;
      if (figures !== undefined) figures.retrying++;
      onWarning(`${what}: ${why}; it is tried again`);
    });
    if (figures !== undefined) {
      figures.retrying -= retrying;
      if (outcome.result !== 'aborted') figures.done[outcome.result]++;
    }
    if (outcome.result === 'refused' || outcome.result === 'given-up') onWarning(`${what}: ${outcome.why}`);
    if (outcome.result === 'aborted') return false;
    const why = 'why' in outcome ? outcome.why : null;
    this.options.onTold?.({ target: target.name, topic, partition, offset, result: outcome.result, at: Date.now(), why });
    return true;
  }
}

/** How many of the first are delivered together: one of an incident at a time. */
function oneOfEach(transitions: readonly Transition[]): number {
  const keys = new Set<string>();
  const first = transitions.findIndex(({ incident }) => {
    if (keys.size >= MOST_AT_ONCE) return true;
    if (incident === null) return false;
    const isNew = !keys.has(incident.dedupKey);
    keys.add(incident.dedupKey);
    return !isNew;
  });
  return first < 0 ? transitions.length : first;
}
