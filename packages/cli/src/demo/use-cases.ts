/** What `rta demo` runs of the five use cases, and what feeds it. */
import { leaderboards } from '../generate/leaderboards/scenario.js';
import { practice } from '../generate/practice/orders.js';
import { product } from '../generate/product/visits.js';
import { rideSharing } from '../generate/rides/rides.js';
import type { Scenario, TimedEvent } from '../generate/scenario.js';
import { web } from '../generate/web/visits.js';

/**
 * Of the project, in the order in which they start: the boards of the game are seen first. Of web events and of practice those whose results
 * show within minutes; those that are left out take the same events.
 */
export const DEMO_PIPELINES: readonly string[] = [
  'pipelines/leaderboards',
  'pipelines/demo',
  'pipelines/product',
  'pipelines/rides',
  'pipelines/web/page-views.yaml',
  'pipelines/web/web-funnel.yaml',
  'pipelines/web/top-products-hour.yaml',
  'pipelines/practice/tumbling.yaml',
  'pipelines/practice/session.yaml',
];

interface DemoSource {
  readonly scenario: Scenario<TimedEvent>;
  /** Events a second; null: as the command line says. */
  readonly rate: number | null;
  /** Every so many events one is late by minutes, and one is cut off; 0: none. Pipelines without `errors:` would stop at the latter. */
  readonly lateEvery: number;
  readonly brokenEvery: number;
}

export const DEMO_SOURCES: readonly DemoSource[] = [
  { scenario: leaderboards, rate: null, lateEvery: 0, brokenEvery: 0 },
  { scenario: product, rate: 60, lateEvery: 300, brokenEvery: 0 },
  { scenario: rideSharing, rate: 40, lateEvery: 75, brokenEvery: 190 },
  { scenario: web, rate: 60, lateEvery: 0, brokenEvery: 0 },
  { scenario: practice, rate: 20, lateEvery: 60, brokenEvery: 0 },
];
