import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export type Decision = 'approved' | 'refused';

/** Where people decide about orders. */
export interface Decisions {
  /** Waits until somebody has decided. Rejects with the signal's reason as soon as that aborts. */
  about(order: string, signal: AbortSignal): Promise<Decision>;
}

export const DECISIONS = Symbol('Decisions');

/** A decision is a file named after the order, which `npm run approve` and `npm run refuse` write. */
export class FileDecisions implements Decisions {
  constructor(private readonly folder: string) {}

  async about(order: string, signal: AbortSignal): Promise<Decision> {
    for (;;) {
      signal.throwIfAborted();
      const text = await readFile(join(this.folder, `${encodeURIComponent(order)}.txt`), 'utf8').catch(
        () => '',
      );
      const decision = text.trim();
      if (decision === 'approved' || decision === 'refused') return decision;
      await setTimeout(500, undefined, { signal });
    }
  }
}
