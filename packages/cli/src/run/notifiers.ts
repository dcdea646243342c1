/** Who tells targets of incidents while pipelines run in this process. */
import { messageOf } from '@rta/dsl/message-of';
import { type NotifyTarget, type Plan, renderAll } from '@rta/dsl';
import { type DeliveryWatch, MetricsAlerts, Notifier, type Told } from '@rta/serve';
import type { Backend } from '../backend/backend.js';
import { Failure } from '../failure.js';
import type { PipelineRun } from './pipeline-run.js';
import { type LeftOver, runBeside } from './run-beside.js';

/** The targets of rta.yaml, by name. */
export type Targets = ReadonlyMap<string, NotifyTarget | null>;

/** How long the last incidents of a run that ends by itself may take to be delivered; the next run goes on with what is left. */
const DRAIN_MS = 10_000;
/** How often alerts on what is measured are judged. */
const MEASURE_MS = 1_000;

export interface NotifyOptions {
  readonly backend: Backend;
  /** Their topics are there. */
  readonly pipelines: readonly { readonly plan: Plan; readonly run: Pick<PipelineRun, 'snapshot'> }[];
  readonly targets: Targets;
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  readonly says: (pipeline: string, message: string) => void;
  /** Where it is counted. */
  readonly deliveries: DeliveryWatch;
  /** Told what a target has answered. */
  readonly told: (told: Told) => void;
  readonly leftOver: LeftOver;
}

/** @throws Failure `unset_variable` where a target that is needed has settings that are not there */
export function checkTargets(plans: readonly Plan[], targets: Targets): void {
  const problem = targetProblems(plans, targets);
  if (problem !== null) throw new Failure('unset_variable', `nothing was started: ${problem}`, 'set it, or tell nobody: --no-notify');
}

/** What is not there that alerts need to tell their targets; null: it is. */
export function targetProblems(plans: readonly Plan[], targets: Targets): string | null {
  const names = new Set(plans.flatMap(({ alerts = [] }) => alerts.flatMap(({ notify }) => notify)));
  const problems = [...names].flatMap((name) => targets.get(name)?.problems ?? []);
  return problems.length === 0 ? null : `whom alerts notify is not known\n${renderAll(problems, { colour: false })}`;
}

/** The names of those that can be told: `notifiersOf` leaves out the others. */
export function usableTargets(targets: Targets): ReadonlySet<string> {
  return new Set([...targets].flatMap(([name, target]) => (target === null || emptySetting(target) !== undefined ? [] : [name])));
}

function emptySetting({ settings }: NotifyTarget): string | undefined {
  return Object.keys(settings).find((setting) => settings[setting] === '');
}

/** Runs pipelines, and tells the targets of their alerts meanwhile; where the run ends by itself, also of what it left. */
export async function whileNotifying<T>(options: NotifyOptions, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const { leftOver } = options;
  const stopMeasuring = await startMeasuring(options);
  const pipelineOf = new Map(
    options.pipelines.flatMap(({ plan }) => notifiersOf(plan, options).map((one) => [one, plan.pipeline] as const)),
  );
  const onFailed = (one: Notifier, why: string): void => {
    options.says(pipelineOf.get(one)!, `incidents are not told any more: ${why}`);
    leftOver.onUndone('failed');
  };
  const onLeft = (one: Notifier): void => {
    options.says(pipelineOf.get(one)!, 'incidents are left to be told: the next run does');
    leftOver.onUndone('left');
  };
  const limit = { ms: DRAIN_MS, whileItGoes: leftOver.patient };
  // What is measured is judged as long as pipelines run, and told of before the notifiers end.
  return runBeside([...pipelineOf.keys()], { signal, limit, onFailed, onLeft }, () => run().finally(stopMeasuring));
}

/** Judges what is measured of pipelines, each second; what is given ends that. */
async function startMeasuring({ pipelines, backend: { log, registry }, workerId, says }: NotifyOptions): Promise<() => Promise<void>> {
  const measured: { readonly pipeline: string; readonly alerts: MetricsAlerts }[] = [];
  for (const { plan, run } of pipelines) {
    const { pipeline, metricsAlerts } = plan;
    if (metricsAlerts === undefined) continue;
    const options = { log, registry, pipeline, workerId, snapshot: () => run.snapshot(), ...metricsAlerts };
    measured.push({ pipeline, alerts: await MetricsAlerts.open(options) });
  }
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    for (const { pipeline, alerts } of measured)
      await alerts.look(Date.now()).catch((error: unknown) => {
        says(pipeline, `its metrics were not judged: ${messageOf(error)}`);
      });
    looking = null;
  };
  const timer = measured.length === 0 ? undefined : setInterval(() => void (looking ??= look()), MEASURE_MS);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

/** One for each target of a plan. */
function notifiersOf(
  { pipeline, alerts = [], sinks, metricsAlerts }: Plan,
  { backend: { log, registry }, targets, workerId, says, deliveries, told: onTold }: NotifyOptions,
): readonly Notifier[] {
  const topic = sinks.find(({ id }) => id === 'alerts')?.topic ?? metricsAlerts?.topic;
  if (topic === undefined) return [];
  return [...new Set(alerts.flatMap(({ notify }) => notify))].flatMap((name) => {
    const target = targets.get(name);
    if (target === null || target === undefined) return [];
    const empty = emptySetting(target);
    if (empty !== undefined) {
      says(pipeline, `${name} is told of no incidents: its ${empty} is empty`);
      return [];
    }
    const told = new Set(alerts.flatMap((alert) => (alert.notify.includes(name) ? [alert.name] : [])));
    const onWarning = (message: string): void => {
      says(pipeline, message);
    };
    const figures = deliveries.notifyFiguresOf(pipeline, name);
    return [new Notifier({ log, registry, pipeline, topic, target, alerts: told, workerId, figures, onWarning, onTold })];
  });
}
