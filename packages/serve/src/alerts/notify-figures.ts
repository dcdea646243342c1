import type { Told } from './notifier.js';

/** How it goes to tell a target of the incidents of a pipeline, since the start of the process. */
export class NotifyFigures {
  /** Transitions that it is done with. */
  readonly done: Record<Told['result'], number> = { delivered: 0, refused: 0, 'given-up': 0 };
  /** Transitions that it has not taken at the first try, and is told of again. */
  retrying = 0;

  constructor(
    readonly pipeline: string,
    readonly target: string,
  ) {}
}
