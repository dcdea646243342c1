/**
 * A task's life.
 *
 * ```
 * created ──► standby ──► restoring ──► running ──► closed
 *    │  │          │         ▲  │            │          ▲
 *    │  └──────────┼─────────┘  │            │          │
 *    └─────────────┴────────────┴────────────┴──────────┘
 * ```
 * In standby another worker runs the task, and this one keeps a copy of its state.
 * There is no way back: after a revocation, or a commit that did not surely succeed, the task is closed and a new one restores.
 */
export type TaskState = 'created' | 'standby' | 'restoring' | 'running' | 'closed';

const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  created: ['standby', 'restoring', 'closed'],
  standby: ['restoring', 'closed'],
  restoring: ['running', 'closed'],
  running: ['closed'],
  closed: [],
};

/** The new state; throws where the table has no such transition (a defect of the engine, never of its input). */
export function transition(from: TaskState, to: TaskState): TaskState {
  if (!TRANSITIONS[from].includes(to)) throw new Error(`task: no transition from ${from} to ${to}`);
  return to;
}
