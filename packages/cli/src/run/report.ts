import type { PipelineProgress } from './progress.js';

/** Who is told how a run goes. */
export interface RunReport {
  /** At most once a second. */
  progress(pipelines: readonly PipelineProgress[]): void;
  /** What people should know but what stops nothing. */
  warning(pipeline: string, message: string): void;
  /** All have ended; counts as they were at the end. */
  end(pipelines: readonly PipelineProgress[]): void;
}
