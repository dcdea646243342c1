import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { didYouMean } from '../expression/suggest.js';

/** RTA382x: the messages about alerts. */
export const alertMessages = {
  alertOfTable: errorMessage('RTA3821', 'An alert on a table without windows', (span: Span, name: string) => ({
    span,
    message: `the alert ${quote(name)} judges a table, whose rows change with each commit: whether it fires would depend on when that is`,
    help: 'give the aggregate a `window`, which is judged when it is closed; or judge the stream before it: `from: stream`',
  })),
  alertOfPeriodic: errorMessage('RTA3822', 'An alert on rows that are given periodically', (span: Span, name: string) => ({
    span,
    message: `the alert ${quote(name)} judges closed windows, and these are given by \`emit: every\``,
    help: 'put `emit: every` on a step of a stream of its own, and judge the windows from before it',
  })),
  unknownTarget: errorMessage('RTA3823', 'A target that is not in rta.yaml', (span: Span, name: string, known: readonly string[]) => ({
    span,
    message: `rta.yaml has no target ${quote(name)} under \`notify\``,
    help:
      didYouMean(name, known) ??
      (known.length > 0 ? `it has ${listing(known, 'and')}` : `declare it there: \`notify: { ${name}: { webhook: { url: … } } }\``),
  })),
  noDataOfMetrics: errorMessage('RTA3825', '`noData` of what is measured', (span: Span, name: string) => ({
    span,
    message: `the alert ${quote(name)} judges what is measured, which there always is`,
    help: 'leave `noData` out; a `watermark_delay` that grows says that nothing comes',
  })),
  alertTopic: errorMessage('RTA3824', 'A topic that the alerts need', (span: Span, topic: string, other: string) => ({
    span,
    message: `the incidents of the alerts go to the topic ${quote(topic)}, and ${other} has it already`,
    help: 'give that one another topic',
  })),
};
