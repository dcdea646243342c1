import { duration, map, named, policy, SOURCE, STANDBY, text, textLike, TOPIC, TOPIC_NAME, whole } from '../ast/shapes.js';
import { NOTIFY } from './notify-schema.js';
import type { JsonSchema } from '../yaml/schema.js';

/** What stands in `rta.yaml` and in the files that it includes. */
const PARTS = {
  include: {
    type: ['string', 'array'],
    minLength: 1,
    minItems: 1,
    items: { type: 'string', minLength: 1, 'x-expected': 'a file' },
    description: 'Files with more sources, topics and notify targets, relative to this one.',
    'x-expected': 'a file, or a list of files',
  },
  sources: named('The sources that pipelines share.', SOURCE),
  topics: named('How topics are created.', TOPIC),
  notify: NOTIFY,
};

/** The structure of an included file. */
export const SHARED: JsonSchema = map('an included file', PARTS);

/** The structure of `rta.yaml`. */
export const PROJECT: JsonSchema = map('rta.yaml', {
  ...PARTS,
  defaults: {
    ...map('`defaults`', {
      lateness: duration('How far out of order events may be.'),
      idle: duration('After so long without a record a partition stops holding the watermark.'),
      late: policy(['drop'], 'What happens to late records.'),
      errors: policy(['fail', 'skip'], 'What happens to records that fail.'),
      standby: STANDBY,
    }),
    description: 'What pipelines get where they say nothing.',
  },
  kafka: {
    ...map('`kafka`', {
      brokers: oneOrMore('host:port, or a list of them.', 'host:port, or a list of them'),
      clientId: text('What the brokers see as the client.'),
      ssl: { type: ['boolean', 'object'], description: 'TLS: true, or its settings.' },
      sasl: {
        ...map('`sasl`', {
          mechanism: { type: 'string', enum: ['plain', 'scram-sha-256', 'scram-sha-512'], description: 'The mechanism.' },
          username: text('The user.'),
          password: text('The password: `${KAFKA_PASSWORD}`.'),
        }),
        description: 'How to log in to the brokers.',
      },
    }),
    description: 'How to reach Kafka; without it the embedded log is used.',
  },
  registry: {
    ...map('`registry`', {
      url: text('The URL of the schema registry.'),
      username: text('The user.'),
      password: text('The password: `${REGISTRY_PASSWORD}`.'),
      token: text('A bearer token instead of user and password: `${REGISTRY_TOKEN}`.'),
      ca: text('The file (PEM) of the authority that signed its certificate, relative to rta.yaml.'),
      cert: text('The file (PEM) of our certificate, where it asks for one.'),
      key: text('The file (PEM) of its key.'),
    }),
    description: 'How to reach the schema registry; without it the embedded one is used.',
  },
  http: {
    ...map('`http`', {
      listen: text('[host:]port to serve HTTP at; without a host for this machine only. `rta run --http` goes before it.'),
      token: text('What queries and live events ask for: `${RTA_HTTP_TOKEN}`. Needed where other machines reach it.'),
      writeToken: text('What requests that change something ask for (replays): `${RTA_HTTP_WRITE_TOKEN}`. Without it nobody may.'),
      advertise: text('The URL at which other processes find this one; default: its host and port.'),
      collect: {
        ...map(
          '`collect`',
          {
            source: text('The source that events are of, by its name in `sources`.'),
            path: textLike(
              '^/[A-Za-z0-9._/-]*[A-Za-z0-9_-]$',
              'a path such as /analytics/collect',
              'Where events are sent to; default /analytics/collect.',
            ),
            rejects: TOPIC_NAME,
            origins: oneOrMore(
              'Pages that may send, as browsers name them: https://shop.example. Default: all.',
              'an origin such as https://shop.example, or a list of them',
            ),
            rate: whole(1, 1_000_000, 'Events a second that one address may send. Default: any number.'),
          },
          ['source'],
        ),
        description: 'Takes events from browsers into the topic of a source.',
      },
    }),
    description: 'The HTTP side of `rta run`.',
  },
});

/** A text that is not empty, or a list of such. */
function oneOrMore(description: string, expected: string): JsonSchema {
  return {
    type: ['string', 'array'],
    minLength: 1,
    minItems: 1,
    items: { type: 'string', minLength: 1 },
    description,
    'x-expected': expected,
  };
}
