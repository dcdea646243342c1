/** Rides in ten cities, from the request to their end. Each city has an hour of its own in which many are cancelled for ten minutes. */
import type { Random } from '../random.js';
import { RecordEncoder, type BeginStory, type RecordEvent, storyEvents, type StoryEvent } from '../record-events.js';
import type { Scenario } from '../scenario.js';

interface City {
  readonly name: string;
  readonly lat: number;
  readonly lon: number;
}

const CITIES: readonly City[] = [
  { name: 'amsterdam', lat: 52.37, lon: 4.9 },
  { name: 'berlin', lat: 52.52, lon: 13.4 },
  { name: 'brno', lat: 49.2, lon: 16.61 },
  { name: 'lisbon', lat: 38.72, lon: -9.14 },
  { name: 'london', lat: 51.51, lon: -0.13 },
  { name: 'madrid', lat: 40.42, lon: -3.7 },
  { name: 'paris', lat: 48.86, lon: 2.35 },
  { name: 'prague', lat: 50.09, lon: 14.42 },
  { name: 'vienna', lat: 48.21, lon: 16.37 },
  { name: 'zagreb', lat: 45.81, lon: 15.98 },
];
const MINUTE_MS = 60_000;
/** In minutes m to m + 10 of each hour, m being six times the city's number, riders do not want to wait. */
const TROUBLE = { everyMinutes: 60, offsetMinutes: 6, minutes: 10 };
const CANCELLED = { usually: 0.08, inTrouble: 0.6 };
const FARE_CENTS = { from: 350, to: 6000 };
const RIDERS_PER_PLACE = 5;

function inTrouble(city: number, timeMs: number): boolean {
  const minute = Math.floor(timeMs / MINUTE_MS) % TROUBLE.everyMinutes;
  const since = minute - city * TROUBLE.offsetMinutes;
  return since >= 0 && since < TROUBLE.minutes;
}

function rides(seed: number): BeginStory {
  const run = (seed >>> 0).toString(36);
  let count = 0;
  return function* (random, place, _startMs, nowMs): Generator<StoryEvent, void, undefined> {
    const number = random.integer(0, CITIES.length - 1);
    const city = CITIES[number];
    const id = `ride-${run}-${String(++count)}`;
    const ride = {
      ride_id: id,
      city: city.name,
      estimated_fare: random.integer(FARE_CENTS.from, FARE_CENTS.to) / 100,
      user_id: `rider-${String(place * RIDERS_PER_PLACE + random.integer(1, RIDERS_PER_PLACE))}`,
      pickup: near(city, random),
      dropoff: near(city, random),
    };
    const event = (type: string): StoryEvent => ({
      key: id,
      value: (timeMs) => ({ event_type: type, timestamp: timeMs, ...ride }),
    });
    yield event('requested');
    const cancelled = random.unit() < (inTrouble(number, nowMs()) ? CANCELLED.inTrouble : CANCELLED.usually);
    if (cancelled && random.unit() < 0.5) return yield event('cancelled');
    yield event('accepted');
    if (cancelled) return yield event('cancelled');
    yield event('started');
    yield event('completed');
  };
}

/** A point within some kilometres. */
function near({ lat, lon }: City, random: Random): { lat: number; lon: number } {
  const off = (): number => random.integer(-500, 500) / 10_000;
  return { lat: Number((lat + off()).toFixed(4)), lon: Number((lon + off()).toFixed(4)) };
}

/** Rides of a ride-sharing service. */
export const rideSharing: Scenario<RecordEvent> = {
  name: 'rides',
  description: 'Rides in ten cities (schemas/ride_event.avsc), requested to completed or cancelled; each city has ten bad minutes an hour',
  topic: 'ride-events',
  schema: 'ride_event',
  format: 'avro',
  hasRobots: false,
  events: (options) => storyEvents(options, rides(options.seed)),
  encoder: (target) => new RecordEncoder(target),
};
