/** What to write instead of words of other systems; the words in lower case and without underscores. */
const FOREIGN: ReadonlyMap<string, string> = new Map(
  (
    [
      // Conditions and nulls
      ['use `a ?? b`', 'ifnull nvl coalesce zeroifnull'],
      ['use `x == null`', 'isnull'],
      ['use `x != null`', 'isnotnull'],
      ['use `if(condition, a, b)`', 'iif iff case decode when multiif cond nvl2'],
      // Texts
      ['use `lower(text)`', 'lcase tolower tolowercase lowercase'],
      ['use `upper(text)`', 'ucase toupper touppercase uppercase'],
      ['use `capitalize(text)`', 'initcap'],
      ['use `trimStart(text)`', 'ltrim lefttrim'],
      ['use `trimEnd(text)`', 'rtrim righttrim'],
      ['use `length(x)`', 'len strlen charlength characterlength size cardinality arraylength'],
      ['use `substring(text, start, length)`, which counts from 0', 'substr mid'],
      ['use `startsWith(text, prefix)`', 'hasprefix'],
      ['use `endsWith(text, suffix)`', 'hassuffix'],
      ['use `contains(text, part)`, or `indexOf(text, part)`, which counts from 0', 'instr strpos position locate includes charindex'],
      ['use `padStart(text, length, fill)`', 'lpad padleft leftpad'],
      ['use `padEnd(text, length, fill)`', 'rpad padright rightpad'],
      ['use `join(array, separator)`, or `concat(a, separator, b)`', 'concatws arrayjoin listagg groupconcat stringagg'],
      ['use `split(text, separator)[index]`, which counts from 0', 'splitindex splitpart'],
      ['use `lower(a) == lower(b)`', 'equalsignorecase equalfold'],
      // Regular expressions
      ['use `matches(text, pattern)`', 'regexp regex rlike like ilike similarto regexplike regexpmatches regexpmatch'],
      ['use `extract(text, pattern, group)`', 'regexpextract regexextract regexpsubstr regexpsubstring'],
      ['use `extractAll(text, pattern, group)`', 'regexpextractall'],
      ['use `length(extractAll(text, pattern))`', 'regexpcount'],
      ['use `replaceRegex(text, pattern, by)`', 'regexpreplace regexreplace'],
      ['use `splitRegex(text, pattern)`', 'regexpsplittoarray regexpsplit'],
      // Encodings
      ['use `sha256(x)`', 'sha sha1 sha2 sha512 sha224 sha384'],
      ['use `toHex(x)`', 'hex'],
      ['use `fromHex(text)`', 'unhex'],
      ['use `toBase64(x)`', 'base64 base64encode encode'],
      ['use `fromBase64(text)`', 'unbase64 base64decode frombase64url'],
      ['use `urlEncode(text)`', 'urlencodeparam encodeuricomponent'],
      ['use `urlDecode(text)`', 'urldecodeparam decodeuricomponent'],
      ['use `urlHost(url)`', 'urlextracthost domain'],
      ['use `urlPath(url)`', 'urlextractpath'],
      ['use `urlParam(url, name)`', 'urlextractparameter urlextractquery'],
      ['use `urlHost(url)`, `urlPath(url)` or `urlParam(url, name)`', 'parseurl urlparse'],
      // Conversions
      ['use `string(x)`', 'tostring str varchar text'],
      ['use `int(x)`', 'toint integer parseint'],
      ['use `long(x)`', 'tolong bigint unixmillis tounixtimestamp epochmillis'],
      ['use `tryLong(text)` or `tryDouble(text)`', 'trycast safecast trytonumber trytodouble'],
      ['use `double(x)`', 'todouble float parsefloat number'],
      ['use `timestamp(x)`', 'totimestamp todatetime'],
      ['use `date(x)`', 'todate toyyyymmdd'],
      // Times
      [
        'use `truncate(time, "hour")`, or a `window`',
        'datetrunc timetrunc timestamptrunc trunc tostartofminute tostartofhour tostartofday tostartofmonth tumblestart floortime',
      ],
      ['use `formatTime(time, pattern, zone)`', 'dateformat timestamptostring strftime tochar formattimestamp formatdate datetimeformat'],
      [
        'use `parseTime(text, pattern, zone)`',
        'stringtotimestamp parsetimestamp parsedate parsedatetime strptime totimestampltz stringtodate',
      ],
      ['use `year(time)`, `month(time)`, `day(time)`, `hour(time)` and so on', 'datepart extractpart'],
      ['use `day(time)`', 'dayofmonth'],
      ['use `week(time)`', 'weekofyear isoweek'],
      ['a zone is the last argument of functions of times: `hour(time, "Europe/Prague")`', 'converttz convertzone attimezone'],
      ['use `a - b`, for example `a - b > 5m`, or `daysBetween(date(a), date(b))`', 'timestampdiff datediff'],
      ['use `a + 5m`, `addDays(time, n)` or `addMonths(time, n)`', 'timestampadd dateadd'],
      ['use `addDays(date, -n)`', 'datesub timestampsub'],
      ['use `timestamp(seconds * 1000)`', 'fromunixtime timestampseconds fromepochseconds'],
      ['use `timestamp(millis)`', 'frommillis timestampmillis fromepochmillis'],
      ['use `div(long(time), 1000)`', 'unixtimestamp unixseconds epochseconds'],
      // Numbers
      ['use `ceil(x)`', 'ceiling'],
      ['use `pow(base, exponent)`', 'power'],
      ['use `sign(x)`', 'signum sgn'],
      ['use `ln(x)`, `log2(x)` or `log10(x)`', 'log'],
      ['use `pow(x, 1 / 3)`', 'cbrt'],
      ['use `bitAnd(a, b)`', 'bitwiseand'],
      ['use `bitOr(a, b)`', 'bitwiseor'],
      ['use `bitXor(a, b)`', 'bitwisexor'],
      // Aggregates and what looks at other rows
      ['use `count() where condition`', 'countif countwhere'],
      ['use `count(distinct x)`', 'countdistinct uniq uniqexact distinctcount'],
      ['use `avg(x)`', 'average mean'],
      ['results depend on the records only: use `$time`', 'now currenttimestamp today currentdate localtimestamp proctime'],
      ['results depend on the records only: use a hash of the key, such as `md5($key)`', 'uuid rand random randinteger'],
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
