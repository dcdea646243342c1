/** How often a record of a value may stand in itself; bounds the recursion of all that walk values. */
export const MAX_RECURSION = 500;

/** Of a value with more. */
export const TOO_DEEP = `a record stands in itself more than ${MAX_RECURSION} levels deep`;
