import type { JSX } from 'preact';

/** What the server said in place of an answer; nothing where it said nothing. */
export function Problem({ says }: { readonly says: string | null }): JSX.Element | null {
  return says === null ? null : (
    <p class="problem" role="alert">
      {says}
    </p>
  );
}
