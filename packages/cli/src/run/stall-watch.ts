/** Watches over the progress of a run, so that what hangs ends, and whoever supervises it can start it again. */
import { Worker } from 'node:worker_threads';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';

/** ms */
export const DEFAULT_STALL_MS = 300_000;

/** What is looked at of a pipeline: a number is another whenever something went on, or there was nothing to do. */
interface Watched {
  readonly pipeline: string;
  /** Of each of its workers; null: nothing is expected of it any more. */
  readonly progress: readonly (number | null)[];
}

/**
 * Finds pipelines that stand still. Counts its own looks instead of reading a clock: a process that was suspended, or a machine that slept,
 * has not stalled.
 */
export class StallWatch {
  private readonly seen = new Map<string, { progress: number | null; looks: number }>();

  /** @param everyMs how often `look` is called */
  constructor(
    private readonly timeoutMs: number,
    private readonly everyMs: number,
  ) {}

  /** Throws Failure `stalled` for the first that has stood still for the timeout. */
  look(pipelines: readonly Watched[]): void {
    for (const { pipeline, worker, progress } of pipelines.flatMap(workersOf)) {
      const key = `${pipeline} ${String(worker)}`;
      const before = this.seen.get(key);
      const looks = progress !== null && before?.progress === progress ? before.looks + 1 : 0;
      this.seen.set(key, { progress, looks });
      if (looks > 0 && looks * this.everyMs >= this.timeoutMs)
        throw new Failure(
          'stalled',
          `${pipeline}: no progress for ${String(looks * this.everyMs)} ms (--stall-timeout), though there is something to do`,
          'nothing is lost: start it again, and it goes on from its last commit',
        );
    }
  }
}

function workersOf({ pipeline, progress }: Watched): { pipeline: string; worker: number; progress: number | null }[] {
  return progress.map((each, worker) => ({ pipeline, worker, progress: each }));
}

/**
 * Ends the process with `stalled` when its event loop stands still for so long, say in a function of the user's that never returns. A thread
 * looks for a sign of life; it has the loop interrupted and the process ended by the debugger's protocol, which works while JavaScript
 * runs. Where it does not the process is killed (137).
 *
 * @returns ends the watch
 */
export function watchEventLoop(timeoutMs: number): () => Promise<unknown> {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const everyMs = Math.min(1000, Math.max(50, Math.floor(timeoutMs / 10)));
  const timer = setInterval(() => Atomics.add(beats, 0, 1), everyMs).unref();
  const said = `error stalled: the process has been busy with one thing for ${String(timeoutMs)} ms (--stall-timeout)\n`;
  const workerData = { beats, everyMs, looks: Math.ceil(timeoutMs / everyMs), said, exitCode: EXIT_CODES.stalled.code };
  const thread = new Worker(WATCHER, { eval: true, workerData });
  thread.unref();
  return () => {
    clearInterval(timer);
    return thread.terminate();
  };
}

/** Plain JavaScript: a thread of its own has neither our loader nor our packages. */
const WATCHER = `
const { workerData: { beats, everyMs, looks, said, exitCode } } = require('node:worker_threads');
const { Session } = require('node:inspector');
const { writeSync } = require('node:fs');
let seen = -1;
let silent = 0;
const timer = setInterval(() => {
  const now = Atomics.load(beats, 0);
  silent = now === seen ? silent + 1 : 0;
  seen = now;
  if (silent < looks) return;
  clearInterval(timer);
  writeSync(2, said);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3000);
  const session = new Session();
  session.connectToMainThread();
  session.on('Debugger.paused', ({ params }) => {
    const { callFrameId } = params.callFrames[0];
    session.post('Debugger.evaluateOnCallFrame', { callFrameId, expression: 'process.reallyExit(' + exitCode + ')' });
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}, everyMs);
`;
