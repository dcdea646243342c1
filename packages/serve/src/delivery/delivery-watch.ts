/** The deliveries of a process, rows to stores and incidents to targets, for those who ask it how they go. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreTarget } from '@rta/dsl';
import { NotifyFigures } from '../alerts/notify-figures.js';
import type { Behind } from './behind-end.js';
import type { Deliverer } from './deliverer.js';
import { DeliveryFigures, type DeliveryStatus } from './delivery-figures.js';

/** Whose delivery it is. */
export interface DeliveryName {
  readonly pipeline: string;
  readonly sink: string;
  readonly store: StoreTarget['kind'];
}

interface WatchedDelivery {
  readonly name: DeliveryName;
  readonly status: DeliveryStatus;
}

/** The log may take so long to say where topics end, ms. */
const LOOK_MS = 2_000;

export class DeliveryWatch {
  private readonly figures = new Map<string, DeliveryFigures>();
  private readonly watched = new Map<Deliverer, DeliveryName>();
  private readonly notified = new Map<string, NotifyFigures>();

  /** The figures of a sink, from before, too. */
  figuresOf({ pipeline, sink, store }: DeliveryName): DeliveryFigures {
    const key = JSON.stringify([pipeline, sink, store]);
    const figures = this.figures.get(key) ?? new DeliveryFigures();
    this.figures.set(key, figures);
    return figures;
  }

  /** The figures of a target that is told of the incidents of a pipeline, from before, too. */
  notifyFiguresOf(pipeline: string, target: string): NotifyFigures {
    const key = JSON.stringify([pipeline, target]);
    const figures = this.notified.get(key) ?? new NotifyFigures(pipeline, target);
    this.notified.set(key, figures);
    return figures;
  }

  notifications(): readonly NotifyFigures[] {
    return [...this.notified.values()];
  }

  /** From now on it is among those that are told of. */
  add(deliverer: Deliverer, name: DeliveryName): void {
    this.watched.set(deliverer, name);
  }

  remove(deliverer: Deliverer): void {
    this.watched.delete(deliverer);
  }

  all(): readonly WatchedDelivery[] {
    return [...this.watched].map(([{ status }, name]) => ({ name, status }));
  }

  /** The same, and how far each is behind; null: that is not known. Never rejects. */
  measured(): Promise<readonly (WatchedDelivery & { readonly behind: Behind | null })[]> {
    return Promise.all(
      [...this.watched].map(async ([deliverer, name]) => {
        const late = delay(LOOK_MS, null, { ref: false });
        const behind = await Promise.race([deliverer.behind(), late]).catch(() => null);
        return { name, status: deliverer.status, behind };
      }),
    );
  }
}
