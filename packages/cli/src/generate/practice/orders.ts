/** Orders of a small shop: what courses on stream processing practise with. */
import { RecordEncoder, type BeginStory, type RecordEvent, storyEvents, type StoryEvent } from '../record-events.js';
import type { Scenario } from '../scenario.js';

const CATEGORIES = ['coffee', 'cake', 'lunch', 'tea'];
const AMOUNT_CENTS = { from: 150, to: 4500 };
const CUSTOMERS_PER_PLACE = 4;
const CANCELLED = 0.1;

function orders(seed: number): BeginStory {
  const run = (seed >>> 0).toString(36);
  let count = 0;
  return function* (random, place): Generator<StoryEvent, void, undefined> {
    const customer = `customer-${String(place * CUSTOMERS_PER_PLACE + random.integer(1, CUSTOMERS_PER_PLACE))}`;
    const order = {
      order_id: `order-${run}-${String(++count)}`,
      customer_id: customer,
      category: random.pick(CATEGORIES),
      amount: random.integer(AMOUNT_CENTS.from, AMOUNT_CENTS.to) / 100,
    };
    const event = (status: string): StoryEvent => ({
      key: customer,
      value: (timeMs) => ({ ...order, status, order_time: timeMs }),
    });
    yield event('placed');
    if (random.unit() < CANCELLED) return yield event('cancelled');
    yield event('paid');
    yield event('delivered');
  };
}

/** Orders, each with the events of its life. */
export const practice: Scenario<RecordEvent> = {
  name: 'practice',
  description: 'Orders of a small shop (schemas/order.avsc), placed to delivered or cancelled: for pipelines/practice',
  topic: 'orders',
  schema: 'order',
  format: 'avro',
  hasRobots: false,
  events: (options) => storyEvents(options, orders(options.seed)),
  encoder: (target) => new RecordEncoder(target),
};
