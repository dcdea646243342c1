/** What goes on beside the versions that `rta worker` runs: targets are told of incidents, and rows of sinks go to their stores. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@rta/dsl/message-of';
import type { Plan } from '@rta/dsl';
import type { DeliveryWatch } from '@rta/serve';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { deployedTargets } from '../project/compile-deployed.js';
import { targetProblems, whileNotifying } from '../run/notifiers.js';
import type { OlapDoor } from '../run/olap-door.js';
import { storeProblems, whileDelivering } from '../run/sinks.js';
import { untilAborted } from '../until-aborted.js';
import type { CrewHooks } from './crew.js';
import type { LiveVersion } from './live-versions.js';

/** ms until what has failed is begun again. */
const AGAIN_MS = 10_000;

export interface DeliveriesOptions {
  readonly context: CliContext;
  readonly backend: Backend;
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  readonly hooks: Pick<CrewHooks, 'warning'>;
  readonly deliveries: DeliveryWatch;
  readonly door: OlapDoor;
  /** Of the HTTP side; null: nothing listens. */
  readonly url: string | null;
}

interface Delivering {
  readonly keys: string;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Deliveries {
  private current: Delivering = { keys: '', stop: new AbortController(), ended: Promise.resolve() };

  constructor(private readonly options: DeliveriesOptions) {}

  /** Once a second. Where other versions run than before, all begin again: each goes on where it was. */
  follow(live: readonly LiveVersion[]): void {
    const versions = live.filter(({ plan }) => notifies(plan) || delivers(plan));
    const keys = versions.map(({ key }) => key).join('\n');
    const before = this.current;
    if (keys === before.keys) return;
    before.stop.abort();
    const stop = new AbortController();
    const { signal } = stop;
    this.current = { keys, stop, ended: before.ended.then(() => this.deliver(versions, signal)) };
  }

  /** What is under way is finished, and the rest left for the next worker. */
  async close(): Promise<void> {
    this.current.stop.abort();
    await this.current.ended;
  }

  private async deliver(versions: readonly LiveVersion[], signal: AbortSignal): Promise<void> {
    const { context, backend, workerId, hooks, deliveries, door, url } = this.options;
    const { cwd, env } = context;
    const until = (): Promise<void> => untilAborted(signal);
    // It ends by a signal: nothing is left over.
    const leftOver = { patient: false, onUndone: () => undefined };
    const beside = { backend, workerId, says: hooks.warning, deliveries, leftOver };
    const plans = versions.map(({ plan }) => plan).filter((plan) => delivers(plan) && this.fits(plan, storeProblems([plan], env)));
    const told = versions.flatMap((version) => {
      if (!notifies(version.plan)) return [];
      const targets = deployedTargets(version.source, env);
      return this.fits(version.plan, targetProblems([version.plan], targets)) ? [{ version, targets }] : [];
    });
    await Promise.all([
      this.again(signal, plans, () => whileDelivering({ ...beside, plans, cwd, env, door, url }, signal, until)),
      ...told.map(({ version, targets }) =>
        this.again(signal, [version.plan], () =>
          whileNotifying({ ...beside, pipelines: [{ plan: version.plan, run: version }], targets, told: () => undefined }, signal, until),
        ),
      ),
    ]);
  }

  private fits({ pipeline }: Plan, problem: string | null): boolean {
    if (problem !== null) this.options.hooks.warning(pipeline, problem);
    return problem === null;
  }

  /** Begins again what fails. Never rejects. */
  private async again(signal: AbortSignal, plans: readonly Plan[], work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
        return;
      } catch (error) {
        for (const { pipeline } of plans) this.options.hooks.warning(pipeline, `nothing is delivered for now: ${messageOf(error)}`);
        await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function notifies({ alerts = [], metricsAlerts }: Plan): boolean {
  return alerts.some(({ notify }) => notify.length > 0) || metricsAlerts !== undefined;
}

function delivers({ sinks }: Plan): boolean {
  return sinks.some(({ store }) => store !== undefined);
}
