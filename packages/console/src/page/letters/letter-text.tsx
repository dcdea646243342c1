import type { JSX } from 'preact';
import { valueText, type DecodedValue } from '../decoded.js';
import { placeOf, type Letter } from './answers.js';

/** A letter in full. */
export function LetterText({ letter }: { readonly letter: Letter }): JSX.Element {
  const { reason, message, step, source, at, key, value, headers, faultAt } = letter;
  return (
    <section class="card" aria-labelledby="letter">
      <h2 id="letter">
        {placeOf(letter)}: {reason}
      </h2>
      <dl>
        <dt>{reason === 'late' ? 'missed' : 'because'}</dt>
        <dd>{message}</dd>
        <dt>step</dt>
        <dd>{step}</dd>
        <dt>stood at</dt>
        <dd>
          {source.topic} {source.partition}@{source.offset}, {source.timestamp}
        </dd>
        <dt>written</dt>
        <dd>{at}</dd>
        <dt>key</dt>
        <dd>{valueText(key)}</dd>
        {headers.map(({ key: name, format, value: text }) => [
          <dt key={name}>header {name}</dt>,
          <dd key={`${name} value`}>{format === undefined ? 'null' : valueText({ format, value: text })}</dd>,
        ])}
        <dt>value</dt>
        <dd>{formatOf(value, faultAt)}</dd>
      </dl>
      <pre class="scroll" tabIndex={0} aria-label="Value">
        {blockOf(value)}
      </pre>
    </section>
  );
}

function formatOf(value: DecodedValue | null, faultAt: number | null): string {
  const fault = faultAt === null ? '' : `; byte ${faultAt} is to blame`;
  if (value === null) return 'null';
  if (value.format === 'avro') return `Avro of schema ${value.schemaId ?? '?'}${fault}`;
  if (value.format === 'bytes') return `bytes in hex${value.problem === undefined ? '' : `: ${value.problem}`}${fault}`;
  return `${value.format === 'json' ? 'JSON' : 'text'}${fault}`;
}

function blockOf(value: DecodedValue | null): string {
  if (value === null) return 'null';
  if (value.format === 'avro' || value.format === 'json') return JSON.stringify(value.value, null, 2);
  // Sixteen bytes a line.
  return value.format === 'bytes'
    ? String(value.value)
        .replace(/(.{32})/g, '$1\n')
        .replace(/([0-9a-f]{2})(?=[0-9a-f])/g, '$1 ')
    : String(value.value);
}
