/** Events that one address may send: so many a second, and as many at once. */
const ADDRESSES = 10_000;

export class RateLimit {
  private readonly buckets = new Map<string, { left: number; at: number }>();

  constructor(private readonly perSecond: number) {}

  /** Seconds until that many more may come; 0: they may now, and are counted. @param now ms */
  wait(address: string, events: number, now: number): number {
    const { perSecond } = this;
    const bucket = this.buckets.get(address) ?? { left: perSecond, at: now };
    bucket.left = Math.min(perSecond, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    // Who was seen last is forgotten last.
    this.buckets.delete(address);
    this.buckets.set(address, bucket);
    for (const oldest of this.buckets.keys()) {
      if (this.buckets.size <= ADDRESSES) break;
      this.buckets.delete(oldest);
    }
    const needed = Math.min(events, perSecond);
    if (bucket.left < needed) return Math.max(1, Math.ceil((needed - bucket.left) / perSecond));
    bucket.left -= events;
    return 0;
  }
}
