import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, quote } from '../diagnostics/message.js';

/** RTA331x: the messages about sinks that are no topics. */
export const sinkMessages = {
  sinkTargets: errorMessage('RTA3311', 'A sink with two targets', (span: Span, one: string, other: string) => ({
    span,
    message: `a sink goes to one place, and this one has ${quote(one)} and ${quote(other)}`,
    help: 'write two sinks under `sinks`; both can be `from` the same stream',
  })),
  sinkSetting: errorMessage(
    'RTA3312',
    'A setting that this kind of sink has not',
    (span: Span, setting: string, kind: string, help: string) => ({
      span,
      message: `${quote(setting)} means nothing in a sink that is a ${kind}`,
      help,
    }),
  ),
  storeTwice: errorMessage('RTA3313', 'Two sinks that write one table', (span: Span, target: string, other: string) => ({
    span,
    message: `the ${target} is written by ${other} already; rows of different sinks would be taken for each other's`,
  })),
  storeColumns: errorMessage('RTA3314', 'Columns that a table cannot tell apart', (span: Span, one: string, other: string) => ({
    span,
    message: `the columns ${quote(one)} and ${quote(other)} differ in case only, which is no difference in SQL`,
    help: 'rename one of them before the sink: `rename: { new_name: old }`',
  })),
  storeTimeColumn: errorMessage('RTA3315', 'A column that the store has itself', (span: Span, name: string) => ({
    span,
    message: `the store has a column ${quote(name)} of its own`,
    help: 'rename it before the sink: `rename: { new_name: old }`',
  })),
  rollupAggregate: errorMessage('RTA3341', 'An aggregate that a rollup has not', (span: Span, text: string) => ({
    span,
    message: `a rollup cannot have ${quote(text)}: the store works out count, sum, avg, min, max, count(distinct …) and approxDistinct`,
    help: 'aggregate it in the pipeline, and write the result to a table of its own',
  })),
  rollupExpression: errorMessage('RTA3342', 'An expression that a rollup has not', (span: Span, text: string) => ({
    span,
    message: `a rollup cannot have ${quote(text)}: the store reads columns and their fields, compares them, and knows \`and\`, \`or\`, \`not\`, \`in\` and \`??\``,
    help: 'make it a column before the sink: `derive: { name: … }`',
  })),
};
