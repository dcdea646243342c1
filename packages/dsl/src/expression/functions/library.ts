import { arrayFunctions } from './array.js';
import { collectionRuntime } from './collection-literals.js';
import { conditionalFunctions } from './conditional.js';
import { conversionFunctions } from './conversion.js';
import { encodingFunctions } from './encoding.js';
import { jsonFunctions } from './json.js';
import { mapFunctions } from './map.js';
import { mathFunctions } from './math.js';
import { regexFunctions } from './regex.js';
import { rowJson } from './row-json.js';
import { sampled } from './sampled.js';
import type { FunctionSpec, Implementation } from './spec.js';
import { stringFunctions } from './string.js';
import { timeFunctions } from './time.js';
import { urlFunctions } from './url.js';

/** The functions by family, in the order of the docs. */
export const functionFamilies: Readonly<Record<string, readonly FunctionSpec[]>> = {
  conditional: conditionalFunctions,
  math: mathFunctions,
  string: stringFunctions,
  'regular expressions': regexFunctions,
  array: arrayFunctions,
  map: mapFunctions,
  JSON: jsonFunctions,
  encoding: encodingFunctions,
  URL: urlFunctions,
  time: timeFunctions,
  conversion: conversionFunctions,
};

/** All functions by name. */
export const functionLibrary: ReadonlyMap<string, FunctionSpec> = new Map(
  Object.values(functionFamilies).flatMap((family) => family.map((spec) => [spec.name, spec] as const)),
);

/** What `call` nodes name; `calleeOf` gives the function to call. `if` is not among them, since it is evaluated lazily. */
export const functionRuntime: Readonly<Record<string, Implementation>> = Object.assign(
  { sampled, rowJson, ...collectionRuntime },
  ...[...functionLibrary.values()].map((spec) => spec.runtime),
) as Record<string, Implementation>;

/** Aggregates of the language, for messages about them where they cannot stand. */
export const AGGREGATE_NAMES: ReadonlySet<string> = new Set([
  ...['count', 'sum', 'avg', 'min', 'max', 'first', 'last', 'argMin', 'argMax', 'median', 'percentile', 'stddev', 'variance'],
  ...['collect', 'topK', 'funnel', 'approxDistinct'],
]);
