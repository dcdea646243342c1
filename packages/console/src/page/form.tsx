import type { JSX } from 'preact';

interface FieldProps {
  readonly name: string;
  readonly label: string;
  /** An example. */
  readonly hint?: string;
}

/** A line of text with its label. */
export function Field({ name, label, hint = '' }: FieldProps): JSX.Element {
  return (
    <label>
      {label}
      <input name={name} placeholder={hint} autoComplete="off" spellcheck={false} size={Math.max(14, hint.length)} />
    </label>
  );
}

/** What stands in a form that is submitted, by the names of its fields; the browser does nothing more with it. */
export function formText(event: SubmitEvent): Readonly<Record<string, string>> {
  event.preventDefault();
  const given = [...new FormData(event.currentTarget as HTMLFormElement)];
  return Object.fromEntries(given.flatMap(([field, value]) => (typeof value === 'string' ? [[field, value.trim()]] : [])));
}
