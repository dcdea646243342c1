/** Random input that is the same for a seed. */

export type Random = () => number;

/** Numbers in [0, 1) of a linear congruential generator with the constants of Numerical Recipes. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
