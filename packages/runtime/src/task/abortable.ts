/** As `work`; rejects with the signal's reason as soon as that is aborted: nobody waits for the outcome any more. */
export function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const give = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', give);
    });
  });
}
