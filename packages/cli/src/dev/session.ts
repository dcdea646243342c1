/** The pipelines of `rta dev` while they run, and what an edit does to them. */
import type { Plan } from '@rta/dsl';
import { performReset, planFingerprint, planReset, ResetError } from '@rta/runtime';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import type { NdjsonWriter } from '../output/ndjson.js';
import { reportFailure } from '../output/report-failure.js';
import type { LoadedProject } from '../project/load.js';
import type { HttpSettings } from '../run/http.js';
import { plansOf, requireCompatible } from '../run/prepare.js';
import { runProject } from '../run/run-project.js';
import { Remembered } from './remembered.js';

interface Running {
  readonly fingerprints: ReadonlyMap<string, string>;
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

export interface SessionSettings {
  readonly http: (loaded: LoadedProject) => HttpSettings | null;
  readonly partitions?: number;
  readonly json: NdjsonWriter | null;
}

/** What becomes of the state of a pipeline. */
type Fate = 'new' | 'kept' | 'rebuilt' | 'gone';

export class DevSession {
  private running: Running | null = null;
  private readonly remembered: Remembered;

  constructor(
    private readonly context: CliContext,
    private readonly backend: Backend,
    private readonly settings: SessionSettings,
  ) {
    this.remembered = new Remembered(backend.directory);
  }

  /**
   * Runs what was loaded in place of what runs. Where it cannot be (errors, an incompatible schema) this rejects, and what runs goes on.
   * Resolves to whether anything was started or ended.
   */
  async apply(loaded: LoadedProject): Promise<boolean> {
    const { context, backend, settings } = this;
    const plans = plansOf(context, loaded, settings.json);
    const fingerprints = new Map(plans.map((plan) => [plan.pipeline, planFingerprint(plan, texts(loaded, plan))]));
    const before = this.running?.fingerprints ?? new Map<string, string>();
    if (this.running !== null && same(before, fingerprints)) return false;
    await requireCompatible(backend, plans, (pipeline, message) =>
      this.say({ pipeline, warning: message }, `warning: ${pipeline}: ${message}`),
    );
    const http = settings.http(loaded);
    await this.stop();
    for (const plan of plans) if (before.get(plan.pipeline) !== fingerprints.get(plan.pipeline)) await this.prepareState(plan);
    for (const pipeline of before.keys())
      if (!fingerprints.has(pipeline)) this.tell(pipeline, 'gone', 'it is not there any more; its state stays, for when it comes back');
    this.remembered.keep(plans);
    this.start(plans, fingerprints, http);
    return true;
  }

  /** Ends what runs, its last work committed. */
  async stop(): Promise<void> {
    const { running } = this;
    this.running = null;
    running?.stop();
    await running?.ended;
  }

  private start(plans: readonly Plan[], fingerprints: ReadonlyMap<string, string>, http: HttpSettings | null): void {
    const { context, backend, settings } = this;
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const { json, partitions } = settings;
    const ended = runProject({ ...context, signal }, backend, {
      command: 'dev',
      plans,
      end: { when: 'stopped' },
      json,
      ...(http === null ? {} : { http }),
      ...(partitions === undefined ? {} : { partitions }),
    }).then(
      () => undefined,
      (error: unknown) => {
        this.running = null;
        reportFailure(error, context, json !== null);
        this.say({ waits: true }, 'nothing runs now; the next change starts it again');
      },
    );
    this.running = { fingerprints, ended, stop: () => stop.abort() };
  }

  /** A pipeline goes on with the state that it has, where that is still what it would have made itself; else it begins anew. */
  private async prepareState(plan: Plan): Promise<void> {
    const obstacles = this.remembered.obstacles(plan);
    if (obstacles === null) {
      this.tell(plan.pipeline, 'new', 'it starts');
      return;
    }
    if (obstacles.length === 0) {
      this.tell(plan.pipeline, 'kept', 'it goes on with the state that it has');
      return;
    }
    const { log } = this.backend;
    try {
      await performReset(log, await planReset(log, plan, { target: { to: 'beginning' }, keepState: false, keepOutput: false }));
    } catch (error) {
      // Without its source it has read nothing yet.
      if (!(error instanceof ResetError && error.code === 'missing_topic')) throw error;
    }
    this.tell(plan.pipeline, 'rebuilt', `it begins anew, from the start of its sources: ${obstacles.join('; ')}`);
  }

  private tell(pipeline: string, state: Fate, message: string): void {
    this.say({ pipeline, state, message }, `${pipeline}: ${message}`);
  }

  private say(line: Readonly<Record<string, unknown>>, text: string): void {
    if (this.settings.json !== null) this.settings.json.write(line);
    else this.context.stderr.write(`${text}\n`);
  }
}

/** The user's modules that a plan calls, by path: what is in them is not in the plan. */
function texts(loaded: LoadedProject, plan: Plan): Record<string, string> {
  const inputs = loaded.pipelines.find((each) => each.plan?.pipeline === plan.pipeline)?.inputs ?? new Map<string, string | null>();
  return Object.fromEntries([...inputs].flatMap(([path, text]) => (/\.[cm]?[jt]s$/.test(path) ? [[path, text ?? '']] : [])));
}

function same(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return before.size === now.size && [...now].every(([pipeline, fingerprint]) => before.get(pipeline) === fingerprint);
}
