import type { Connection } from '../../../src/framework/aws/lean/connections.js';

/** Tokens as long as those of AWS. */
const TOKEN = 'AAAAKgAAAAIAAAAAAAAAA'.padEnd(600, 'StepwrightBenchmarkTokenOfTheUsualLength');
const HEADERS = { 'content-type': 'application/x-amz-json-1.0' };
const EMPTY = Buffer.from('{}');

type Answered = (body: Buffer) => void;

/**
 * A stand-in for Step Functions in the memory of this process, which answers a turn of the event loop later: no network
 * adds its noise to what is measured.
 */
export class MemoryService {
  /** The tasks whose results have arrived. */
  done = 0;
  #tasks = 0;
  #left = 0;
  #onDone: (() => void) | undefined;
  #polls: Answered[] = [];
  #answers: (() => void)[] = [];

  /** Gives so many tasks to polls. Resolves when all of their results have arrived. */
  run(tasks: number): Promise<void> {
    const goal = this.done + tasks;
    this.#left = tasks;
    for (const poll of this.#polls.splice(0)) this.poll(poll);
    return new Promise((resolve) => {
      this.#onDone = () => void (this.done === goal && resolve());
    });
  }

  poll(answered: Answered): void {
    if (this.#left === 0) return void this.#polls.push(answered);
    this.#left--;
    const input = JSON.stringify({ who: 'hoge' });
    const body = Buffer.from(JSON.stringify({ taskToken: `${TOKEN}${this.#tasks++}`, input }));
    this.#soon(() => answered(body));
  }

  report(answered: Answered): void {
    this.#soon(() => {
      this.done++;
      answered(EMPTY);
      this.#onDone?.();
    });
  }

  /** The part of a connection of undici's that a worker uses. */
  readonly open = (): Connection => {
    const connection = {
      on: () => connection,
      close: async () => {},
      destroy: async () => {},
      dispatch: ({ headers }: { headers: string[] }, handler: Handler) => {
        const answered = (body: Buffer): void => {
          handler.onResponseStart(undefined, 200, HEADERS);
          handler.onResponseData(undefined, body);
          handler.onResponseEnd();
        };
        handler.onRequestStart({});
        if (headers.includes('AWSStepFunctions.GetActivityTask')) this.poll(answered);
        else this.report(answered);
        return true;
      },
    };
    return connection as unknown as Connection;
  };

  #soon(answer: () => void): void {
    if (this.#answers.push(answer) > 1) return;
    setImmediate(() => {
      for (const each of this.#answers.splice(0)) each();
    });
  }
}

interface Handler {
  onRequestStart(controller: object): void;
  onResponseStart(controller: undefined, status: number, headers: object): void;
  onResponseData(controller: undefined, chunk: Buffer): void;
  onResponseEnd(): void;
}
