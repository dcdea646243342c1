import { leaderboards } from './leaderboards/scenario.js';
import { practice } from './practice/orders.js';
import { product } from './product/visits.js';
import { rideSharing } from './rides/rides.js';
import type { Scenario, TimedEvent } from './scenario.js';
import { web } from './web/visits.js';

/** Every scenario, in the order of `rta generate --help`. */
export const scenarios: readonly Scenario<TimedEvent>[] = [leaderboards, product, web, rideSharing, practice];
