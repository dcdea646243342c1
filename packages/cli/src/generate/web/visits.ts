/** Events as a browser would send them: visits to pages, calls of the site's API, and purchases of several things at once. */
import { RecordEncoder, type BeginStory, type EventRecord, type RecordEvent, storyEvents, type StoryEvent } from '../record-events.js';
import type { Scenario } from '../scenario.js';

const PAGES = ['home', 'search', 'offers', 'about', 'help'];
const ENDPOINTS = ['/api/search', '/api/product', '/api/cart', '/api/order'];
const DEVICES = ['desktop', 'mobile', 'tablet'];
const COUNTRIES = ['AT', 'CZ', 'DE', 'ES', 'FR', 'GB', 'JP', 'US'];
const SITE = 'https://shop.example';
const PRODUCTS = 60;
const USERS_PER_PLACE = 3;
const RESPONSE_MS = 80;
const PAGES_SEEN = { from: 1, to: 5 };
const ADDS = 0.4;
const CHECKS_OUT = 0.7;
const BUYS = 0.8;

interface Line {
  readonly sku: string;
  readonly qty: number;
}

/** What a product costs, whole cents: told by its number. */
const centsOf = (sku: string): number => 199 + ((Number(sku.slice(1)) * 7919) % 9000);

function visits(seed: number): BeginStory {
  const run = (seed >>> 0).toString(36);
  let sessions = 0;
  return function* (random, place): Generator<StoryEvent, void, undefined> {
    const user = `user-${String(place * USERS_PER_PLACE + random.integer(1, USERS_PER_PLACE))}`;
    const visitor = {
      user_id: user,
      session_id: `session-${run}-${String(++sessions)}`,
      device: random.pick(DEVICES),
      country: random.unit() < 0.05 ? null : random.pick(COUNTRIES),
    };
    const event = (type: string, path: string, properties: EventRecord): StoryEvent => ({
      key: user,
      value: (timeMs) => ({ event_type: type, timestamp: timeMs, ...visitor, url: SITE + path, properties }),
    });
    const call = (endpoint: string): StoryEvent =>
      event('api_call', endpoint, { endpoint, response_ms: Number(random.exponential(RESPONSE_MS).toFixed(1)) });
    const basket: Line[] = [];
    for (let n = random.integer(PAGES_SEEN.from, PAGES_SEEN.to); n > 0; n--) {
      const page = random.pick(PAGES);
      yield event('page_viewed', `/${page}`, { page_id: page });
      yield call(random.pick(ENDPOINTS));
      const sku = `p${String(random.integer(1, PRODUCTS))}`;
      yield event('product_viewed', `/product/${sku}`, { product_id: sku });
      if (random.unit() >= ADDS) continue;
      basket.push({ sku, qty: random.integer(1, 3) });
      yield event('added_to_cart', '/cart', { product_id: sku, items: [...basket] });
    }
    if (basket.length === 0 || random.unit() >= CHECKS_OUT) return;
    yield event('checkout_started', '/checkout', { items: basket });
    if (random.unit() >= BUYS) return;
    for (const { sku, qty } of basket)
      yield event('purchase', '/thanks', { product_id: sku, revenue: (centsOf(sku) * qty) / 100, items: [{ sku, qty }] });
  };
}

/** Events of a web site, as its pages send them. */
export const web: Scenario<RecordEvent> = {
  name: 'web',
  description: 'Events of a web site as JSON (schemas/web_event.avsc): pages, API calls with response times, and what is bought',
  topic: 'web-events',
  schema: 'web_event',
  format: 'json',
  hasRobots: false,
  events: (options) => storyEvents(options, visits(options.seed)),
  encoder: (target) => new RecordEncoder(target),
};
