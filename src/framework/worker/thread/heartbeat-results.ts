import { turn } from '../../base/time/turn.js';
import { type ErrorText, type FromThread, toText } from './thread-messages.js';

/** Collects the results of heartbeats during a turn of the event loop, so that they are sent as one message. */
export class HeartbeatResults {
  readonly #post: (message: FromThread) => void;
  readonly #accepted = new Map<number, number>();
  readonly #answered: number[] = [];
  readonly #lateMs: number[] = [];
  readonly #failed: ErrorText[] = [];
  #waiting = false;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  accepted(id: number, at: number): void {
    this.#accepted.set(id, at);
    this.#send();
  }

  answered(id: number): void {
    this.#answered.push(id);
    this.#send();
  }

  sent(lateMs: number): void {
    this.#lateMs.push(lateMs);
    this.#send();
  }

  failed(error: Error): void {
    this.#failed.push(toText(error));
    this.#send();
  }

  #send(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    turn.after(() => {
      this.#waiting = false;
      const parts = {
        answered: this.#answered.splice(0),
        lateMs: this.#lateMs.splice(0),
        failed: this.#failed.splice(0),
      };
      this.#post({ kind: 'results', accepted: [...this.#accepted], ...parts });
      this.#accepted.clear();
    });
  }
}
