/** Visits to a shop: who looks at what, puts it into the cart and buys it, all within one session. */
import { Random } from '../random.js';
import { RecordEncoder, type BeginStory, type EventRecord, type RecordEvent, storyEvents, type StoryEvent } from '../record-events.js';
import type { Scenario } from '../scenario.js';
import { catalogue, type Product } from './catalogue.js';

const DEVICES = [
  { device_type: 'desktop', os: 'Windows', browser: 'Chrome' },
  { device_type: 'desktop', os: 'macOS', browser: 'Safari' },
  { device_type: 'desktop', os: 'Linux', browser: 'Firefox' },
  { device_type: 'mobile', os: 'Android', browser: 'Chrome' },
  { device_type: 'mobile', os: 'iOS', browser: 'Safari' },
  { device_type: 'tablet', os: 'iPadOS', browser: 'Safari' },
];
const LOCATIONS = ['Berlin', 'Brno', 'London', 'Lyon', 'Madrid', 'Oslo', 'Prague', 'Tokyo', 'Toronto', 'Vienna'];
const REFERRERS = ['https://search.example/', 'https://news.example/', 'https://social.example/'];
const SHOP = 'https://shop.example';
/** People who may be in the shop at the same place of the list: one of them at a time. */
const USERS_PER_PLACE = 3;
const PRODUCTS_SEEN = { from: 1, to: 6 };
const TO_CART = 0.35;
const CHECKS_OUT = 0.6;

/** Visits, each by one of the people of its place; ids count on, so that they are unique in a run. */
function visits(seed: number): BeginStory {
  const products = catalogue(new Random(seed));
  const run = (seed >>> 0).toString(36);
  let sessions = 0;
  let events = 0;
  let orders = 0;
  return function* (random, place): Generator<StoryEvent, void, undefined> {
    const user = `user-${String(place * USERS_PER_PLACE + random.integer(1, USERS_PER_PLACE))}`;
    const visitor = {
      user_id: user,
      session_id: `session-${run}-${String(++sessions)}`,
      ...random.pick(DEVICES),
      location: random.pick(LOCATIONS),
    };
    let referrer: string | null = random.unit() < 0.5 ? random.pick(REFERRERS) : null;
    const event = (type: string, path: string, more: EventRecord = {}): StoryEvent => {
      const page = { page_url: SHOP + path, referrer_url: referrer, time_spent: random.integer(1, 120) };
      referrer = page.page_url;
      const id = `${run}-${String(++events)}`;
      return {
        key: user,
        value: (timeMs) => ({
          event_id: id,
          event_timestamp: new Date(timeMs).toISOString(),
          event_type: type,
          ...visitor,
          ...page,
          ...more,
        }),
      };
    };
    yield event('page_view', '/');
    const cart: { product: Product; quantity: number }[] = [];
    for (let n = random.integer(PRODUCTS_SEEN.from, PRODUCTS_SEEN.to); n > 0; n--) {
      const product = random.pick(products);
      if (random.unit() < 0.3) yield event('page_view', `/category/${product.category.toLowerCase()}`);
      yield event('product_view', `/product/${product.id}`, about(product));
      if (random.unit() >= TO_CART) continue;
      const quantity = random.integer(1, 3);
      cart.push({ product, quantity });
      yield event('add_to_cart', `/cart`, { ...about(product), quantity });
    }
    if (cart.length === 0 || random.unit() >= CHECKS_OUT) return;
    const order = `order-${run}-${String(++orders)}`;
    for (const { product, quantity } of cart)
      yield event('purchase', '/checkout', {
        ...about(product),
        quantity,
        total_amount: (product.cents * quantity) / 100,
        order_id: order,
      });
  };
}

function about({ id, name, category, cents }: Product): EventRecord {
  return { product_id: id, product_name: name, product_category: category, price: cents / 100 };
}

/** Visits to a shop. */
export const product: Scenario<RecordEvent> = {
  name: 'product',
  description: 'Visits to a shop as JSON (schemas/raw_event.avsc): people look at 100 products, put some into the cart and buy them',
  topic: 'raw-events',
  schema: 'raw_event',
  format: 'json',
  hasRobots: false,
  events: (options) => storyEvents(options, visits(options.seed)),
  encoder: (target) => new RecordEncoder(target),
};
