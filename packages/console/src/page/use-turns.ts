import { useEffect, useState } from 'preact/hooks';

/** Counts up each so many ms, while the component is there and somebody sees the page: whoever asks anew by it is up to date. */
export function useTurns(everyMs: number): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTurn((last) => last + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return turn;
}
