import { messageOf } from '@rta/dsl/message-of';

/** One line of `rta doctor`. */
export interface Finding {
  /** What was looked at: stable, for scripts. */
  readonly check: string;
  /** `warning`: works, or cannot be told. `failed`: will not work. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message };
}

export function warning(check: string, message: string, remedy: string): Finding {
  return { check, status: 'warning', message, remedy };
}

export function failed(check: string, message: string, remedy: string): Finding {
  return { check, status: 'failed', message, remedy };
}

/** The first line of what an error says. */
export function reasonOf(error: unknown): string {
  return messageOf(error).split('\n')[0];
}
