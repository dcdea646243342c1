/** What targets are told, as their interfaces want it. */
import type { NotifyTarget } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../src/alerts/incident.js';
import { requestOf } from '../../src/alerts/request.js';

const incident: Incident = {
  dedupKey: 'city-metrics/cancellations/{"city":"brno"}',
  alert: 'cancellations',
  action: 'trigger',
  reason: 'when',
  key: '{"city":"brno"}',
  row: '{"city":"brno","cancellation_rate":0.5}',
  since: Date.UTC(2026, 0, 1, 12, 0),
  openedAt: Date.UTC(2026, 0, 1, 12, 5),
  at: Date.UTC(2026, 0, 1, 12, 5),
};
const resolved: Incident = { ...incident, action: 'resolve', at: Date.UTC(2026, 0, 1, 12, 20) };

function sent(kind: NotifyTarget['kind'], settings: NotifyTarget['settings'], of = incident) {
  const { body, ...request } = requestOf({ name: 'oncall', kind, settings, problems: [] }, 'city-metrics', of, 'city-metrics-alerts-0-7');
  return { ...request, body: JSON.parse(body) as Readonly<Record<string, unknown>> };
}

describe('requests', () => {
  it('PagerDuty Events v2: trigger with what is known, resolve by the same dedup_key', () => {
    const settings = { routingKey: 'R', severity: 'warning' };
    const { url, body } = sent('pagerduty', settings);
    expect(url).toBe('https://events.pagerduty.com/v2/enqueue');
    expect(body).toEqual({
      routing_key: 'R',
      event_action: 'trigger',
      dedup_key: incident.dedupKey,
      client: 'rta',
      payload: {
        summary: 'city-metrics: cancellations of city brno',
        source: 'city-metrics',
        severity: 'warning',
        timestamp: '2026-01-01T12:05:00.000Z',
        component: 'cancellations',
        class: 'when',
        custom_details: {
          key: { city: 'brno' },
          row: { city: 'brno', cancellation_rate: 0.5 },
          since: '2026-01-01T12:00:00.000Z',
        },
      },
    });
    expect(sent('pagerduty', settings, resolved).body).toEqual({ routing_key: 'R', event_action: 'resolve', dedup_key: incident.dedupKey });
  });

  it('PagerDuty: a dedup_key that is too long is hashed, the same way each time', () => {
    const long = { ...incident, dedupKey: `p/a/${'x'.repeat(300)}` };
    const keys = [long, { ...long, action: 'resolve' as const }].map((one) => sent('pagerduty', { routingKey: 'R' }, one).body.dedup_key);
    expect(keys[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it('webhook: all of it as JSON, with a token and an idempotency key', () => {
    const { url, headers, body } = sent('webhook', { url: 'https://example.com/hook', token: 'T' }, resolved);
    expect(url).toBe('https://example.com/hook');
    expect(headers).toMatchObject({ authorization: 'Bearer T', 'idempotency-key': 'city-metrics-alerts-0-7' });
    expect(body).toEqual({
      id: 'city-metrics-alerts-0-7',
      dedup_key: incident.dedupKey,
      pipeline: 'city-metrics',
      alert: 'cancellations',
      action: 'resolve',
      reason: 'when',
      key: { city: 'brno' },
      row: { city: 'brno', cancellation_rate: 0.5 },
      since: '2026-01-01T12:00:00.000Z',
      opened_at: '2026-01-01T12:05:00.000Z',
      at: '2026-01-01T12:20:00.000Z',
    });
  });

  it('Slack: a text, its special characters escaped', () => {
    const odd = { ...incident, key: '{"city":"<b&b>"}', row: '{}', reason: 'noData' as const };
    expect(sent('slack', { url: 'https://hooks.example.com/x' }, odd).body).toEqual({
      text: ':red_circle: city-metrics: cancellations of city &lt;b&amp;b&gt; (no data), at 2026-01-01T12:05:00.000Z\n{}',
    });
    expect(sent('slack', { url: 'https://hooks.example.com/x' }, resolved).body.text).toBe(
      ':large_green_circle: Resolved: city-metrics: cancellations of city brno, from 2026-01-01T12:05:00.000Z to 2026-01-01T12:20:00.000Z',
    );
  });
});
