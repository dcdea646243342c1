import { conditionalFunctions } from './conditional.js';
import { conversionFunctions } from './conversion.js';
import { mathFunctions } from './math.js';
import { sampled } from './sampled.js';
import type { FunctionSpec, RuntimeFunction } from './spec.js';
import { stringFunctions } from './string.js';
import { timeFunctions } from './time.js';

/** The functions by family, in the order of the docs. */
export const functionFamilies: Readonly<Record<string, readonly FunctionSpec[]>> = {
  conditional: conditionalFunctions,
  math: mathFunctions,
  string: stringFunctions,
  time: timeFunctions,
  conversion: conversionFunctions,
};

/** All functions by name. */
export const functionLibrary: ReadonlyMap<string, FunctionSpec> = new Map(
  Object.values(functionFamilies).flatMap((family) => family.map((spec) => [spec.name, spec] as const)),
);

/**
 * What `call` nodes name, for the interpreter and for generated code: plain values in, a plain value out. Never call them with null: a null
 * argument makes the result null. `if` is not among them, since it is evaluated lazily.
 */
export const functionRuntime: Readonly<Record<string, RuntimeFunction>> = Object.assign(
  { sampled },
  ...[...functionLibrary.values()].map((spec) => spec.runtime),
) as Record<string, RuntimeFunction>;

/** Aggregates of the language, for messages about them where they cannot stand. */
export const AGGREGATE_NAMES: ReadonlySet<string> = new Set([
  ...['count', 'sum', 'avg', 'min', 'max', 'first', 'last', 'argMin', 'argMax', 'median', 'percentile', 'stddev', 'variance'],
  ...['collect', 'funnel', 'approxDistinct'],
]);

/** What to write instead of words of other systems; the words in lower case and without underscores. */
const FOREIGN: ReadonlyMap<string, string> = new Map(
  (
    [
      ['use `a ?? b`', 'ifnull nvl coalesce isnull zeroifnull'],
      ['use `if(condition, a, b)`', 'iif iff case decode when multiif cond'],
      ['use `lower(text)`', 'lcase tolower tolowercase lowercase'],
      ['use `upper(text)`', 'ucase toupper touppercase uppercase'],
      ['use `length(x)`', 'len strlen charlength size cardinality'],
      ['use `substring(text, start, length)`, which counts from 0', 'substr mid left slice'],
      ['use `string(x)`', 'tostring str varchar text'],
      ['use `int(x)`', 'toint integer parseint'],
      ['use `long(x)`', 'tolong bigint unixmillis tounixtimestamp epochmillis'],
      ['use `double(x)`', 'todouble float parsefloat number'],
      ['use `timestamp(x)`', 'totimestamp parsetime stringtotimestamp fromunixtime todatetime'],
      ['use `date(x)`', 'todate toyyyymmdd day'],
      ['use a `window`, or `date(x)` for days', 'datetrunc timetrunc tostartofminute tostartofhour'],
      ['use `format_time(x, pattern)`', 'dateformat timestamptostring strftime tochar'],
      ['use `a - b`, for example `a - b > 5m` or `long(a - b)`', 'timestampdiff datediff'],
      ['use `a + 5m`', 'timestampadd dateadd'],
      ['use `starts_with(text, prefix)`', 'startswith hasprefix'],
      ['use `ends_with(text, suffix)`', 'endswith hassuffix'],
      ['use `contains(text, part)`', 'instr strpos position locate includes indexof'],
      ['use `ceil(x)`', 'ceiling'],
      ['use `pow(base, exponent)`', 'power'],
      ['use `count() where condition`', 'countif countwhere'],
      ['use `count(distinct x)`', 'countdistinct uniq uniqexact distinctcount'],
      ['use `avg(x)`', 'average mean'],
      ['results depend on the records only: use `$time`', 'now currenttimestamp today'],
      ['use a `topK` step with `rank:`', 'rownumber rank denserank'],
      ['earlier rows are seen by aggregates with `over previous`', 'lag lead'],
      ['use `last(x)` or `max(x)`', 'latestbyoffset lastvalue anyvalue any'],
      ['use `first(x)`', 'earliestbyoffset firstvalue'],
      ['use `sum(x) where condition`', 'sumif'],
      ['use `avg(x) where condition`', 'avgif'],
      ['use `min(x) where condition`', 'minif'],
      ['use `max(x) where condition`', 'maxif'],
    ] as const
  ).flatMap(([native, words]) => words.split(' ').map((word) => [word, native] as const)),
);

/** What to write instead of a function of another system, or undefined. */
export function nativeFunction(name: string): string | undefined {
  return FOREIGN.get(name.toLowerCase().replaceAll('_', ''));
}
