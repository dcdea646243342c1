/** The incidents that the topics of alerts tell of, and who was told of them. */
import type { IncidentFacts, IncidentsAnswer, Telling } from '@rta/console';
import type { Plan } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { records, type Log } from '@rta/runtime';
import { IncidentReader, notifyGroup, type Incident, type Told } from '@rta/serve';
import { keyText } from '../../alerts/timeline.js';

/** Transitions that are read of a topic's partition, from its end, and kept of a pipeline. */
const KEPT = 2_000;

interface Transition {
  readonly incident: Incident;
  readonly partition: number;
  readonly offset: number;
}

interface Followed {
  readonly plan: Plan;
  readonly topic: string;
  /** As they were written. */
  readonly transitions: Transition[];
  /** Next offset by partition. */
  readonly next: Map<number, number>;
}

/** One for all pipelines of a run. */
export class IncidentHistory {
  private readonly followed = new WeakMap<Plan, Followed>();
  /** By target and place in the topic; of this process. */
  private readonly told = new Map<string, Told>();
  private readonly reader: IncidentReader;
  private asking: Promise<IncidentsAnswer> | null = null;
  /** Whom this process tells; null: whomever alerts name. */
  private targets: ReadonlySet<string> | null = null;

  constructor(
    private readonly pipelines: readonly { readonly plan: Plan }[],
    private readonly log: Log,
    registry: Pick<SchemaRegistry, 'byId'>,
  ) {
    this.reader = new IncidentReader(registry);
  }

  /** All others are told nothing, and not waited for. */
  tellsOnly(targets: ReadonlySet<string>): void {
    this.targets = targets;
  }

  /** What a target has answered, or not. */
  tell(told: Told): void {
    this.told.set(placeOf(told.target, told.topic, told.partition, told.offset), told);
    for (const oldest of this.told.keys()) {
      if (this.told.size <= KEPT) break;
      this.told.delete(oldest);
    }
  }

  /** Rejects with LogError and RegistryUnavailable. */
  answer(): Promise<IncidentsAnswer> {
    this.asking ??= this.read().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async read(): Promise<IncidentsAnswer> {
    const incidents: IncidentFacts[] = [];
    const all = this.pipelines.flatMap(({ plan }) => this.follow(plan) ?? []);
    for (const followed of all) {
      await this.readNew(followed);
      incidents.push(...(await this.incidentsOf(followed)));
    }
    return {
      asOf: Date.now(),
      incidents: incidents.sort((a, b) => b.openedAt - a.openedAt),
      pipelines: all.map(({ plan, topic }) => ({
        pipeline: plan.pipeline,
        topic,
        alerts: (plan.alerts ?? []).map(({ name }) => name),
      })),
    };
  }

  /** Null: it has no alerts. */
  private follow(plan: Plan): Followed | null {
    const topic = plan.sinks.find(({ id }) => id === 'alerts')?.topic ?? plan.metricsAlerts?.topic;
    if (topic === undefined) return null;
    const followed = this.followed.get(plan) ?? { plan, topic, transitions: [], next: new Map<number, number>() };
    this.followed.set(plan, followed);
    return followed;
  }

  private async readNew({ topic, transitions, next }: Followed): Promise<void> {
    for (const { partition, low, stable } of await this.log.offsets(topic)) {
      const from = Math.max(low, stable - KEPT, next.get(partition) ?? 0);
      if (from < stable)
        for await (const batch of this.log.read(topic, partition, from, stable))
          for (const record of records(batch, from)) {
            const incident = await this.reader.read(record.value);
            if (incident !== null) transitions.push({ incident, partition, offset: record.offset });
          }
      next.set(partition, stable);
    }
    transitions.splice(0, transitions.length - KEPT);
  }

  /** One for each that was opened: a resolve says when that was, though the topic may have lost the trigger. */
  private async incidentsOf({ plan, topic, transitions, next }: Followed): Promise<IncidentFacts[]> {
    const targets = [...new Set((plan.alerts ?? []).flatMap(({ notify }) => notify))];
    const committed = new Map<string, readonly (number | null)[]>();
    const partitions = [...next.keys()];
    for (const target of targets) {
      const places = partitions.map((partition) => ({ topic, partition }));
      const offsets = await this.log.groupOffsets(notifyGroup(plan.pipeline, target), places);
      committed.set(
        target,
        offsets.map(({ offset }) => offset),
      );
    }
    const tellings = ({ incident, partition, offset }: Transition): Telling[] =>
      (plan.alerts?.find(({ name }) => name === incident.alert)?.notify ?? []).map((target) => {
        const told = this.told.get(placeOf(target, topic, partition, offset));
        const { action } = incident;
        if (told !== undefined) return { target, action, result: told.result, at: told.at, why: told.why };
        const isDone = (committed.get(target)?.[partitions.indexOf(partition)] ?? 0) > offset;
        const pending = this.targets?.has(target) === false ? 'nobody' : 'waiting';
        return { target, action, result: isDone ? 'done' : pending, at: null, why: null };
      });
    const found = new Map<string, IncidentFacts>();
    for (const transition of transitions) {
      const { dedupKey, alert, action, reason, key, row, since, openedAt, at } = transition.incident;
      const id = `${dedupKey} ${openedAt}`;
      const known = found.get(id);
      found.set(id, {
        pipeline: plan.pipeline,
        alert,
        key: keyText(key),
        dedupKey,
        reason: action === 'trigger' ? reason : (known?.reason ?? reason),
        since,
        openedAt,
        resolvedAt: action === 'resolve' ? at : null,
        row: known === undefined || action === 'trigger' ? row : known.row,
        told: [...(known?.told ?? []), ...tellings(transition)],
      });
    }
    return [...found.values()];
  }
}

function placeOf(target: string, topic: string, partition: number, offset: number): string {
  return `${target} ${topic}/${partition}/${offset}`;
}
