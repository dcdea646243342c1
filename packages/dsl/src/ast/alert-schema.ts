import type { JsonSchema } from '../yaml/schema.js';
import { duration, expression, map, text } from './shapes.js';

/** `notify`: a target of rta.yaml, or several. */
const TARGETS: JsonSchema = {
  type: ['string', 'array'],
  minLength: 1,
  minItems: 1,
  items: { type: 'string', minLength: 1, 'x-expected': 'the name of a target under `notify` in rta.yaml' },
  description: 'Who is told: names under `notify` in rta.yaml.',
  'x-expected': 'the name of a target under `notify` in rta.yaml, or a list of them',
};

/** One alert. */
export const ALERT: JsonSchema = map(
  'an alert',
  {
    from: text(
      'The stream whose rows are judged, by key; default the last one. Of windows, those that are closed. `$metrics`: what is measured of the pipeline.',
    ),
    when: expression('The condition, definite: it is judged for each row, in event time.'),
    for: duration('How long the condition must hold before an incident is opened. Default: not at all.'),
    keepFiringFor: duration('How long an incident stays open after the condition held for the last time. Default: not at all.'),
    noData: duration('A key that had no row for so long opens an incident, too. Default: never.'),
    notify: TARGETS,
  },
  ['when', 'notify'],
);
