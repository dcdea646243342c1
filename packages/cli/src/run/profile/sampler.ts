/** Samples what this thread does, with the profiler of V8. */
import { Session, type Profiler } from 'node:inspector';

/** µs between two samples. */
const INTERVAL_US = 500;

export interface SampledProfile {
  readonly profile: Profiler.Profile;
  /** Sources of the scripts that were asked for, by script id. */
  readonly sources: ReadonlyMap<string, string>;
}

export class Sampler {
  private constructor(private readonly session: Session) {}

  static async start(): Promise<Sampler> {
    const session = new Session();
    session.connect();
    const sampler = new Sampler(session);
    await sampler.post('Profiler.enable');
    await sampler.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await sampler.post('Profiler.start');
    return sampler;
  }

  /** @param wanted of which scripts, by url, the sources are needed */
  async stop(wanted: (url: string) => boolean): Promise<SampledProfile> {
    const { profile } = await this.post<Profiler.StopReturnType>('Profiler.stop');
    const ids = new Set(profile.nodes.filter(({ callFrame }) => wanted(callFrame.url)).map(({ callFrame }) => callFrame.scriptId));
    const sources = new Map<string, string>();
    // Only now: a debugger at work would slow what is measured.
    await this.post('Debugger.enable');
    for (const scriptId of ids) {
      const { scriptSource } = await this.post<{ readonly scriptSource: string }>('Debugger.getScriptSource', { scriptId });
      sources.set(scriptId, scriptSource);
    }
    this.session.disconnect();
    return { profile, sources };
  }

  private post<T>(method: string, parameters: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.session.post(method, parameters, (error, result) => {
        if (error === null) resolve(result as T);
        else reject(error);
      });
    });
  }
}
