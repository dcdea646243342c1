import { map, named, shortOr, text, word } from '../ast/shapes.js';
import type { JsonSchema } from '../yaml/schema.js';

/** `notify` of rta.yaml: targets by name, each of one kind. */
export const NOTIFY: JsonSchema = named('Where incidents of alerts go, by name.', {
  ...map('a target', {
    webhook: shortOr(
      '`webhook`',
      'a URL, or `{ url, token }`',
      'Each trigger and resolve as JSON, by POST.',
      { url: text('Where to: `${ALERTS_URL}`.'), token: text('Sent as a bearer token: `${ALERTS_TOKEN}`.') },
      'url',
    ),
    pagerduty: shortOr(
      '`pagerduty`',
      'a routing key, or `{ routingKey, severity, url }`',
      "An incident in PagerDuty (Events API v2), resolved when the alert's is.",
      {
        routingKey: text('The integration key: `${PAGERDUTY_ROUTING_KEY}`.'),
        severity: word(['critical', 'error', 'warning', 'info'], 'How bad it is; default critical.'),
        url: text('Of the API; default https://events.pagerduty.com/v2/enqueue.'),
      },
      'routingKey',
    ),
    slack: shortOr(
      '`slack`',
      'the URL of an incoming webhook, or `{ url }`',
      'A message to a channel.',
      { url: text('Of the incoming webhook: `${SLACK_WEBHOOK_URL}`.') },
      'url',
    ),
  }),
  minProperties: 1,
  maxProperties: 1,
  'x-expected': 'one of `webhook`, `pagerduty`, `slack` with its settings',
});
