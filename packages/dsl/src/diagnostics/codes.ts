import { builderMessages } from '../builder/messages.js';
import { adviceMessages } from '../check/advice-messages.js';
import { messages } from '../check/messages.js';
import { useMessages } from '../check/use-messages.js';
import * as typeMessages from '../expression/messages-types.js';
import { yamlMessages } from '../yaml/messages.js';
import type { CodeInfo } from './message.js';

/** Every code that the compiler can give, with its title and severity, in order: the table of the documentation. */
export function allCodes(): readonly CodeInfo[] {
  const all = [typeMessages, yamlMessages, builderMessages, messages, useMessages, adviceMessages];
  return all
    .flatMap((group): unknown[] => Object.values(group))
    .filter(isMessage)
    .map(({ code, severity, title }) => ({ code, severity, title }))
    .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
}

function isMessage(value: unknown): value is CodeInfo {
  return typeof value === 'function' && 'code' in value && 'title' in value;
}
