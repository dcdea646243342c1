/** Items by when they are due: a binary heap. */
export class DueQueue<T> {
  private readonly times: number[] = [];
  private readonly items: T[] = [];

  push(item: T, due: number): void {
    const { times, items } = this;
    let i = times.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (times[parent] <= due) break;
      times[i] = times[parent];
      items[i] = items[parent];
      i = parent;
    }
    times[i] = due;
    items[i] = item;
  }

  /** When the first is due that is not gone; Infinity: there is none. */
  next(gone: (item: T) => boolean): number {
    while (this.items.length > 0 && gone(this.items[0])) this.pop();
    return this.times.length > 0 ? this.times[0] : Infinity;
  }

  /** Takes out all that are due at `time`. */
  take(time: number): T[] {
    const due: T[] = [];
    while (this.times.length > 0 && this.times[0] <= time) due.push(this.pop());
    return due;
  }

  private pop(): T {
    const { times, items } = this;
    const top = items[0];
    const time = times.pop()!;
    const item = items.pop()!;
    const { length } = times;
    if (length === 0) return top;
    let i = 0;
    for (;;) {
      let child = i * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1] < times[child]) child++;
      if (times[child] >= time) break;
      times[i] = times[child];
      items[i] = items[child];
      i = child;
    }
    times[i] = time;
    items[i] = item;
    return top;
  }
}
