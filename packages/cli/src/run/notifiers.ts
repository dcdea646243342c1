/** Who tells targets of incidents while pipelines run in this process. */
import { type NotifyTarget, type Plan, renderAll } from '@rta/dsl';
import { Notifier } from '@rta/serve';
import type { Backend } from '../backend/backend.js';
import { Failure } from '../failure.js';

/** The targets of rta.yaml, by name. */
export type Targets = ReadonlyMap<string, NotifyTarget | null>;

/** How long the last incidents of a run that ends by itself may take to be delivered; the next run goes on with what is left. */
const DRAIN_MS = 10_000;

export interface Notifiers {
  /** Delivers what there is now where the run ended by itself, and leaves. */
  end(endedByItself: boolean): Promise<void>;
}

/** @throws Failure `unset_variable` where a target that is needed has settings that are not there */
export function checkTargets(plans: readonly Plan[], targets: Targets): void {
  const names = new Set(plans.flatMap(({ alerts = [] }) => alerts.flatMap(({ notify }) => notify)));
  const problems = [...names].flatMap((name) => targets.get(name)?.problems ?? []);
  if (problems.length === 0) return;
  const text = renderAll(problems, { colour: false });
  throw new Failure('unset_variable', `nothing was started: whom alerts notify is not known\n${text}`, 'set it, or tell nobody: --no-notify');
}

/**
 * Tells the targets of the alerts of plans whose topics are there.
 *
 * @param workerId of this process, the same after a restart
 */
export function startNotifiers(
  backend: Backend,
  plans: readonly Plan[],
  targets: Targets,
  workerId: string,
  says: (pipeline: string, message: string) => void,
): Notifiers {
  const running = plans.flatMap((plan) => notifiersOf(backend, plan, targets, workerId, says));
  const runs = running.map(async ({ notifier, pipeline }) => {
    await notifier.run().catch((error: unknown) => {
      says(pipeline, `incidents are not told any more: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  return {
    async end(endedByItself) {
      for (const { notifier } of running)
        if (endedByItself)
          await notifier.drain(DRAIN_MS).catch(() => {
            notifier.stop();
          });
        else notifier.stop();
      await Promise.all(runs);
    },
  };
}

/** One for each target of a plan. */
function notifiersOf(
  { log, registry }: Backend,
  { pipeline, alerts = [], sinks }: Plan,
  targets: Targets,
  workerId: string,
  says: (pipeline: string, message: string) => void,
): readonly { readonly pipeline: string; readonly notifier: Notifier }[] {
  const topic = sinks.find(({ id }) => id === 'alerts')?.topic;
  if (topic === undefined) return [];
  return [...new Set(alerts.flatMap(({ notify }) => notify))].flatMap((name) => {
    const target = targets.get(name);
    if (target === null || target === undefined) return [];
    const told = new Set(alerts.flatMap((alert) => (alert.notify.includes(name) ? [alert.name] : [])));
    const onWarning = (message: string): void => {
      says(pipeline, message);
    };
    return [{ pipeline, notifier: new Notifier({ log, registry, pipeline, topic, target, alerts: told, workerId, onWarning }) }];
  });
}
