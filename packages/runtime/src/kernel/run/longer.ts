/** A typed array of at least `least` numbers and twice as many as before, those that are new being `value`. */
export function longer<Numbers extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
  before: Numbers,
  least: number,
  value = 0,
): Numbers {
  const make = before.constructor as new (length: number) => Numbers;
  const after = new make(Math.max(least, before.length * 2));
  after.set(before);
  after.fill(value, before.length);
  return after;
}
