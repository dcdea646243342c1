import type { StoreAnswer } from '@rta/runtime';

interface Asked {
  readonly resolve: (answers: readonly StoreAnswer[]) => void;
  readonly reject: (error: Error) => void;
}

/** What a thread has been asked and has not answered. */
export class Questions {
  private readonly open = new Map<number, Asked>();
  private next = 0;
  private ended: Error | null = null;

  /** Rejects with what the thread fails with. */
  ask(send: (id: number) => void): Promise<readonly StoreAnswer[]> {
    if (this.ended !== null) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.open.set(id, { resolve, reject });
      send(id);
    });
  }

  answered(id: number, answers: readonly StoreAnswer[], failure: Error | null): void {
    const asked = this.open.get(id);
    this.open.delete(id);
    if (failure === null) asked?.resolve(answers);
    else asked?.reject(failure);
  }

  /** The thread answers no more. */
  end(error: Error): void {
    this.ended = error;
    for (const { reject } of this.open.values()) reject(error);
    this.open.clear();
  }
}
