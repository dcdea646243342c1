/** An incident as the request that tells a target of it. */
import { createHash } from 'node:crypto';
import type { NotifyTarget } from '@rta/dsl';
import type { PostRequest } from '../post.js';
import type { Incident } from './incident.js';

const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';
/** Limits of PagerDuty's Events API v2, in characters. */
const [LONGEST_DEDUP_KEY, LONGEST_SUMMARY] = [255, 1024];

/**
 * @param id of the transition, the same each time that it is delivered: `topic-partition-offset`
 */
export function requestOf(target: NotifyTarget, pipeline: string, incident: Incident, id: string): PostRequest {
  const { settings } = target;
  const headers = { 'content-type': 'application/json', 'user-agent': 'rta', 'idempotency-key': id };
  switch (target.kind) {
    case 'webhook':
      return {
        url: settings.url,
        headers: settings.token === undefined ? headers : { ...headers, authorization: `Bearer ${settings.token}` },
        body: JSON.stringify(plainOf(pipeline, incident, id)),
      };
    case 'pagerduty':
      return { url: settings.url ?? PAGERDUTY_URL, headers, body: JSON.stringify(pagerDutyEvent(target, pipeline, incident)) };
    case 'slack':
      return { url: settings.url, headers, body: JSON.stringify({ text: slackText(pipeline, incident) }) };
  }
}

function plainOf(pipeline: string, { dedupKey, alert, action, reason, since, openedAt, at, ...incident }: Incident, id: string) {
  return {
    ...{ id, dedup_key: dedupKey, pipeline, alert, action, reason, key: json(incident.key), row: json(incident.row) },
    ...{ since: iso(since), opened_at: iso(openedAt), at: iso(at) },
  };
}

/** https://developer.pagerduty.com/docs/send-alert-event */
function pagerDutyEvent({ settings }: NotifyTarget, pipeline: string, incident: Incident) {
  const { action, dedupKey, alert, reason, since, at } = incident;
  const event = { routing_key: settings.routingKey, event_action: action, dedup_key: shortened(dedupKey) };
  if (action === 'resolve') return event;
  return {
    ...event,
    client: 'rta',
    payload: {
      summary: summaryOf(pipeline, incident).slice(0, LONGEST_SUMMARY),
      source: pipeline,
      severity: settings.severity ?? 'critical',
      timestamp: iso(at),
      component: alert,
      class: reason,
      custom_details: { key: json(incident.key), row: json(incident.row), since: iso(since) },
    },
  };
}

/** A key that is too long becomes its hash: as stable, and as much its own. */
function shortened(dedupKey: string): string {
  return dedupKey.length <= LONGEST_DEDUP_KEY ? dedupKey : `sha256:${createHash('sha256').update(dedupKey).digest('hex')}`;
}

/** One line for people: `city-metrics: cancellations of city brno`. */
function summaryOf(pipeline: string, { alert, reason, key }: Incident): string {
  const columns = Object.entries(json(key)).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const of = columns.length === 0 ? '' : ` of ${columns.join(', ')}`;
  return `${pipeline}: ${alert}${of}${reason === 'noData' ? ' (no data)' : ''}`;
}

function slackText(pipeline: string, incident: Incident): string {
  const { action, at, openedAt, row } = incident;
  // https://api.slack.com/reference/surfaces/formatting#escaping
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const what = escaped(summaryOf(pipeline, incident));
  if (action === 'resolve') return `:large_green_circle: Resolved: ${what}, from ${iso(openedAt)} to ${iso(at)}`;
  return `:red_circle: ${what}, at ${iso(at)}\n${escaped(row)}`;
}

function json(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
