import type { StoreMonitor } from '../../../base/store.js';
import type { Clock } from '../../../base/time/clock.js';
import type { Config } from '../../../config/config.js';
import { parseDuration } from '../../../base/time/duration.js';
import { bytesBeyondLimit, isPlainObject } from '../../../base/json.js';
import { parseSize, PAYLOAD_LIMIT_BYTES, showSize } from '../../../base/size.js';
import {
  hasReferenceKey,
  mayHoldReference,
  PayloadStore,
  PayloadUnavailable,
  REFERENCE_KEY,
  referenceObject,
} from '../../keep/payload-store.js';
import { readPayloads } from '../input/references.js';
import { OWN_ERROR, Refusal } from '../outcome/own-errors.js';
import { TaskAborted, type TaskContext } from '../../../declare/task-context.js';
import type { OutputLimit } from './output-faults.js';

const DEFAULT_ABOVE = '200KB';
const DEFAULT_LIMIT = '64MB';
/** An execution takes a year at most, and may be redriven for two weeks after it. */
const DEFAULT_KEEP = '400d';

const bytesOf = (size: string): number => parseSize(size) ?? Number.NaN;

/** The inputs and outputs that go through a store, because they are large. */
export class Payloads {
  /** The most bytes of an output. */
  readonly limit: OutputLimit;
  readonly #store: PayloadStore;
  /** An output of more bytes than this goes out as a reference. */
  readonly #above: number;
  /** The most bytes of all payloads of one input together. */
  readonly #mostRead: number;

  /** @param options the option `payloads` of a config, which was checked */
  constructor(
    options: NonNullable<Config['payloads']>,
    world: { clock: Clock; random: () => number; stores: StoreMonitor },
  ) {
    const { store, above = DEFAULT_ABOVE, limit = DEFAULT_LIMIT, keep = DEFAULT_KEEP } = options;
    this.#store = new PayloadStore(store, parseDuration(keep) ?? 0, world);
    this.#above = bytesOf(above);
    this.#mostRead = bytesOf(limit);
    this.limit = payloadLimit(Math.min(this.#mostRead, this.#store.maxBytes));
  }

  /** Returns the input with each reference replaced by its payload. */
  read(input: unknown, text: string, task: Pick<TaskContext, 'signal'>): unknown {
    if (!mayHoldReference(text)) return input;
    return refusing(readPayloads(input, this.#store, this.#mostRead, () => task.signal));
  }

  /**
   * Returns the JSON to send for an output: the output itself, or a reference to it beside its `inline` fields. An output
   * with a key of references always goes out as a reference: inside of a payload it is plain data.
   */
  write(
    text: string,
    inline: readonly string[],
    task: Pick<TaskContext, 'signal'>,
  ): string | Promise<string> {
    if (bytesBeyondLimit(text, this.#above) === undefined && !hasReferenceKey(text)) return text;
    return refusing(this.#asReference(text, inline, task));
  }

  /** Leaves no timer. */
  close(): void {
    this.#store.close();
  }

  async #asReference(
    text: string,
    inline: readonly string[],
    task: Pick<TaskContext, 'signal'>,
  ): Promise<string> {
    const beside = inline.length > 0 ? fieldsOf(text, inline) : {};
    const besideText = JSON.stringify(beside);
    if (hasReferenceKey(besideText)) throw withReferenceKey(beside);
    // Before the payload is written, since it isn't deleted again.
    const bytes = bytesBeyondLimit(besideText, PAYLOAD_LIMIT_BYTES - LONGEST_REFERENCE);
    if (bytes !== undefined) throw inlineTooLarge(beside, bytes);
    const wanted = wantedSignal(task);
    try {
      const reference = await this.#store.write(Buffer.from(text), wanted.signal);
      return JSON.stringify(referenceObject(beside, reference));
    } finally {
      wanted.close();
    }
  }
}

/** Makes the failure of a task whose payload can't be read or written. */
async function refusing<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof PayloadUnavailable) throw new Refusal(OWN_ERROR.payloadUnavailable, error.message);
    throw error;
  }
}

/** The bytes that are left for a reference itself. */
const LONGEST_REFERENCE = 4_096;

/** Returns those fields of an output that stay beside its reference. An output that is no object has none. */
function fieldsOf(text: string, inline: readonly string[]): Record<string, unknown> {
  const output: unknown = JSON.parse(text);
  if (!isPlainObject(output)) return {};
  const names = inline.filter((name) => Object.hasOwn(output, name));
  return Object.fromEntries(names.map((name) => [name, output[name]]));
}

/**
 * Returns a signal that aborts when nobody wants the output any more. A worker that stops still reports it, so that its
 * writing goes on then.
 */
function wantedSignal({ signal }: Pick<TaskContext, 'signal'>): {
  readonly signal: AbortSignal;
  readonly close: () => void;
} {
  const controller = new AbortController();
  const onAbort = (): void => {
    const { reason } = signal;
    if (!(reason instanceof TaskAborted) || reason.kind !== 'shutdown') controller.abort(reason);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return { signal: controller.signal, close: () => signal.removeEventListener('abort', onAbort) };
}

const invalid = (message: string): Refusal => new Refusal(OWN_ERROR.invalidOutput, message);

function withReferenceKey(beside: object): Refusal {
  const [name = ''] =
    Object.entries(beside).find(([key, value]) => hasReferenceKey(JSON.stringify({ [key]: value }))) ?? [];
  return invalid(
    `the output's field ${JSON.stringify(name)} is in \`inline\`, and has a key "${REFERENCE_KEY}", which means a payload there: rename that key, or leave the field out of \`inline\``,
  );
}

function inlineTooLarge(beside: object, bytes: number): Refusal {
  const sizes = Object.entries(beside).map(
    ([name, value]) => `${name} ${showSize(Buffer.byteLength(JSON.stringify(value)))}`,
  );
  return new Refusal(
    OWN_ERROR.outputTooLarge,
    `the output's \`inline\` fields have ${bytes} bytes as JSON (${sizes.join(', ')}); with their reference, Step Functions accepts ${PAYLOAD_LIMIT_BYTES}. Keep only what the state machine reads`,
  );
}

/** The limit of outputs that may go out as references. */
const payloadLimit = (limit: number): OutputLimit => ({
  bytes: limit,
  refuse: (bytes) =>
    new Refusal(
      OWN_ERROR.outputTooLarge,
      `the output has ${bytes} bytes as JSON; \`payloads\` allows ${limit} (its \`limit\`, and what its store takes)`,
    ),
});
