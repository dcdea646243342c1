import { useEffect, useRef, useState } from 'preact/hooks';
import { useAnswer } from './ask.js';

interface Repeated<T> {
  /** Null: none has come yet; the last one stays while the next is on its way. */
  readonly answer: T | null;
  readonly problem: string | null;
}

/**
 * Asks at once, and again so many ms after each answer as long as somebody sees the page: a server that is slow is not asked any faster.
 *
 * @param parametersOf what is asked for now
 * @param about another text asks anew at once
 */
export function useRepeated<T>(
  path: string,
  everyMs: number,
  parametersOf: () => Readonly<Record<string, string>> = none,
  about = '',
): Repeated<T> {
  const [{ turn, parameters }, ask] = useState({ turn: 0, parameters: parametersOf() });
  const next = (): void => ask((last) => ({ turn: last.turn + 1, parameters: parametersOf() }));
  const asked = useRef(about);
  const { answer, problem, isAsking } = useAnswer<T>(path, parameters, turn);
  useEffect(() => {
    if (asked.current !== about) next();
    asked.current = about;
  }, [about]);
  useEffect(() => {
    if (isAsking) return;
    const timer = setInterval(() => !document.hidden && next(), everyMs);
    return () => clearInterval(timer);
  }, [isAsking, turn, everyMs, about]);
  return { answer, problem };
}

function none(): Readonly<Record<string, string>> {
  return {};
}
