/** Pipelines of several streams on the engine itself: tests written in their files. */
import { it } from 'vitest';
import { passes, planOf } from './bench.js';

const SCHEMA = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'n', type: 'int' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};

it('a union of two topics in windows, a branch beside it', async () => {
  const text = `
pipeline: unions
sources:
  web: { topic: web, schema: example, time: at }
  app: { topic: app, schema: example, time: at }
streams:
  all:
    from: [web, app]
    steps:
      - groupBy: id
        window: { tumbling: 1m }
        aggregate: { sum: sum(n) }
        emit: final
  large: { from: web, steps: [ filter: n > 2 ] }
sinks:
  all: { from: all, topic: all }
  large: { from: large, topic: large }
tests:
  waits for both:
    given:
      web: [ { $time: 12:00:10, id: a, n: 1 }, { $time: 12:00:30, id: b, n: 3 }, { $time: 12:05, id: c, n: 1 } ]
      app: [ { $time: 12:00:20, id: a, n: 5 }, { $time: 12:01, id: c, n: 1 } ]
    expect:
      all: [ { id: a, window_start: 12:00, sum: 6 }, { id: b, window_start: 12:00, sum: 3 } ]
      large: [ { id: b, n: 3 } ]
`;
  await passes(planOf(text, SCHEMA));
});

it('topics, sources, streams and sinks by their names', async () => {
  const text = `
pipeline: names
sources:
  web: { topic: web-events, schema: example, time: at }
streams:
  passed: { from: web, steps: [] }
  large: { from: passed, steps: [ filter: n > 2 ] }
sinks:
  a: { from: passed, topic: copies }
  b: { from: large, topic: large-ones }
  c: { from: web, topic: more-copies }
tests:
  by the name of the source and of streams:
    given: { web: [ { id: a, n: 1 }, { id: b, n: 3 } ] }
    expect: { passed: [ { id: a }, { id: b } ], large: [ { id: b } ], web: [ { id: a }, { id: b } ] }
  by topic:
    given: { web-events: [ { id: a, n: 1 } ] }
    expect: { copies: [ { id: a } ], large-ones: [] }
  by the name of the sink:
    given: { web: [ { id: a, n: 1 } ] }
    expect: { a: [ { id: a } ], b: [], c: [ { id: a } ] }
`;
  await passes(planOf(text, SCHEMA));
});
