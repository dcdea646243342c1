/** The spans that produced records, by the header `traceparent` (W3C Trace Context). */
import { isSpanContextValid, type Link } from '@opentelemetry/api';
import { records, type MemberEvent } from '@rta/runtime';

type Batches = Extract<MemberEvent, { readonly type: 'records' }>['batches'];

/** Of one fetch: a batch of a hundred thousand records has as many producers. */
const MAX_LINKS = 16;
/** Records that are looked at. */
const MAX_RECORDS = 128;

/** version "-" trace-id "-" parent-id "-" trace-flags */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Of the first records, each span once. */
export function linksOf(batches: Batches): Link[] {
  const links = new Map<string, Link>();
  try {
    collect(batches, links);
  } catch {
    // What is wrong with a batch is said by those who process it.
  }
  return [...links.values()];
}

function collect(batches: Batches, links: Map<string, Link>): void {
  let seen = 0;
  for (const batch of batches)
    for (const { headers } of records(batch)) {
      if (++seen > MAX_RECORDS || links.size >= MAX_LINKS) return;
      const value = headers.find(({ key }) => key === 'traceparent')?.value ?? null;
      if (value === null) continue;
      const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(Buffer.from(value).toString('latin1')) ?? [];
      const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
      if (isSpanContextValid(context)) links.set(`${traceId}${spanId}`, { context });
    }
}
