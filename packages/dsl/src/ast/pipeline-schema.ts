import { BOARD_TOTALS } from '../plan/board.js';
import type { JsonSchema } from '../yaml/schema.js';
import { ALERT } from './alert-schema.js';
import { TEST } from './test-schema.js';
import { map, named, policy, SINK, SOURCE, STANDBY, text, textLike, TOPIC, word } from './shapes.js';

const STREAM: JsonSchema = map('a stream', {
  from: {
    type: ['string', 'array'],
    minLength: 1,
    minItems: 2,
    items: { type: 'string', minLength: 1, 'x-expected': 'the name of a stream or source' },
    description: 'The source or stream that it reads, or a list of streams of equal columns, which are merged; default the only source.',
    'x-expected': 'a stream or source, or a list of at least two',
  },
  steps: {
    type: 'array',
    items: { type: 'object', 'x-expected': 'a step such as `filter: score > 0`', 'x-reads': 'step' },
    description: 'The operators, one a list item.',
  },
});

/** The structure of a pipeline file; what a step holds is checked by its operator's own schema. */
export const PIPELINE: JsonSchema = map(
  'a pipeline',
  {
    pipeline: textLike('^[a-z0-9][a-z0-9_-]{0,99}$', 'a name: lower-case letters, digits, `-` and `_`', 'The name of the pipeline.'),
    source: {
      ...SOURCE,
      type: ['string', 'object'],
      minLength: 1,
      title: '`source`',
      description: 'The source: a name of rta.yaml, or its settings.',
      'x-expected': 'the name of a source in rta.yaml, or `{ topic, schema, … }`',
    },
    sources: {
      type: ['array', 'object'],
      minItems: 1,
      minProperties: 1,
      items: { type: 'string', minLength: 1 },
      additionalProperties: { ...SOURCE, type: ['object', 'null'] },
      description: 'Several sources: names of rta.yaml, or settings by name.',
      'x-expected': 'a list of names in rta.yaml, or a map of sources',
    },
    steps: { ...(STREAM.properties as { steps: JsonSchema }).steps },
    streams: named('Several streams by name, each with `from` and `steps`.', STREAM),
    sink: { ...SINK, description: 'Where the result goes.', 'x-expected': 'a map such as `{ topic: name }`' },
    sinks: named('Several sinks by name.', { ...SINK, 'x-expected': 'a map such as `{ topic: name }`' }),
    late: policy(['drop'], 'What happens to late records: drop (default; counted), or a topic.'),
    errors: policy(['fail', 'skip'], 'What happens to records that fail: fail (default), skip (counted), or a topic.'),
    standby: STANDBY,
    alerts: named('Conditions that open incidents, by name.', ALERT),
    boards: named(
      'Boards of the console.',
      map(
        'a board',
        {
          from: text('The stream or sink that it shows.'),
          show: word(['ranking', 'line', 'funnel', 'table', 'number'], 'How it is shown.'),
          label: text('The column of the label.'),
          value: text('The column of the value.'),
          by: text('The column that splits or orders it.'),
          time: text('The column by which readers choose a range of time. Of sinks that are a `table`.'),
          total: word([...BOARD_TOTALS], 'How the rows of a range become one number (default: sum).'),
        },
        ['show'],
      ),
    ),
    topics: named('How topics are created.', TOPIC),
    tests: named('Tests by name, run by `rta test`.', TEST),
  },
  ['pipeline'],
);
