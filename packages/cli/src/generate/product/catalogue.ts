import type { Random } from '../random.js';

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  /** Whole cents. */
  readonly cents: number;
}

const CATEGORIES = ['Books', 'Electronics', 'Garden', 'Sports', 'Toys'];
const PRODUCTS_PER_CATEGORY = 20;
const PRICE_CENTS = { from: 299, to: 19_999 };

/** What the shop sells: 5 categories of 20 products; the same for the same seed. */
export function catalogue(random: Random): readonly Product[] {
  return CATEGORIES.flatMap((category, c) =>
    Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, i) => ({
      id: `P${String(c * PRODUCTS_PER_CATEGORY + i + 1).padStart(3, '0')}`,
      name: `${category} ${String(i + 1)}`,
      category,
      cents: random.integer(PRICE_CENTS.from, PRICE_CENTS.to),
    })),
  );
}
