import type { HandlerDefinition, OutputSpec } from '../../../declare/definition.js';
import type { Constructor } from '../../../declare/class.js';
import type { Groups } from '../../../declare/dto/dto-shape.js';
import { ARRAY } from '../../../declare/dto/kinds.js';
import { brokenRules } from '../input/broken-rules.js';
import { kindViolation, mapParts } from '../input/value-path.js';
import { OWN_ERROR, type Refusal, refusalOf, type Violation } from '../outcome/own-errors.js';
import { DescribedOutput, OutputInstances, OutputReads } from './instances.js';
import { encode } from './encode.js';
import { type OutputLimit, SERVICE_LIMIT, unreadable } from './output-faults.js';
import type { Payloads } from './payloads.js';
import type { TaskContext } from '../../../declare/task-context.js';
import type { TaskOutputs } from '../current-task.js';
import { bytesBeyondLimit } from '../../../base/json.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/** Writes a handler's result as JSON. If the result isn't a valid output, throws (or rejects with) a Refusal. */
export type Encode = (result: unknown) => string | Promise<string>;

/**
 * Returns a function that validates a handler's results and writes them as JSON, as the handler declares its output.
 * @param limit the most bytes of an output
 */
export function compileOutput(
  { output, groups }: HandlerDefinition,
  limit: OutputLimit = SERVICE_LIMIT,
): Encode {
  return output ? (result) => serialise(result, output, groups, limit) : (result) => encode(result, limit);
}

/** An output that an interceptor has asked for, or has repeated, before the chain of interceptors has ended. */
type Made =
  | {
      /** The output as JSON, before it may become a reference. */ readonly text: string;
      readonly sent: string;
    }
  | { /** The value that was given to the task. */ readonly repeated: unknown };

/** An outcome is also kept if its task has ended meanwhile. */
const WANTED = { signal: new AbortController().signal } as const;

/** Outputs of more bytes than this are near the limit: three quarters of it. */
const NEAR_LIMIT_BYTES = PAYLOAD_LIMIT_BYTES * 0.75;

/** Writes the results of a handler's tasks as the JSON to send. */
export class Outputs implements TaskOutputs {
  readonly #encode: Encode;
  readonly #inline: readonly string[];
  /** The share of the limit that the largest output had of which a warning was logged. */
  #warnedPercent = 0;
  /** Undefined until an interceptor asks for an output, so that a task without such an interceptor costs no look. */
  #made: WeakMap<TaskContext, Made> | undefined;

  constructor(
    definition: HandlerDefinition,
    private readonly payloads: Payloads | undefined,
  ) {
    this.#encode = compileOutput(definition, payloads?.limit);
    this.#inline = definition.inline;
  }

  /** Returns the JSON to send for a result. @throws Refusal if it isn't a valid output */
  write(result: unknown, task: TaskContext): string | Promise<string> {
    const made = this.#made?.get(task);
    if (made) return this.#writeAgain(result, made, task);
    const encoded = this.#encode(result);
    return typeof encoded === 'string'
      ? this.#look(this.#send(encoded, task), task)
      : encoded.then((text) => this.#look(this.#send(text, task), task));
  }

  async sentFor(result: unknown, task: TaskContext): Promise<unknown> {
    const text = await this.#encode(result);
    const sent = await this.#send(text, WANTED);
    this.#remember(task, { text, sent });
    return JSON.parse(sent);
  }

  repeat(sent: unknown, task: TaskContext): unknown {
    this.#remember(task, { repeated: sent });
    return sent;
  }

  async #writeAgain(result: unknown, made: Made, task: TaskContext): Promise<string> {
    // It was a valid output when it was sent first. It is JSON since then, so its classes can't be told from it.
    if ('repeated' in made && Object.is(made.repeated, result)) return JSON.stringify(result);
    const text = await this.#encode(result);
    return this.#look('text' in made && text === made.text ? made.sent : this.#send(text, task), task);
  }

  #remember(task: TaskContext, made: Made): void {
    this.#made ??= new WeakMap();
    this.#made.set(task, made);
  }

  #send(text: string, task: Pick<TaskContext, 'signal'>): string | Promise<string> {
    return this.payloads ? this.payloads.write(text, this.#inline, task) : text;
  }

  /** Warns if an output is near the limit: of the first one, and of each that is larger by 1 % or more. */
  #look(sent: string | Promise<string>, task: TaskContext): string | Promise<string> {
    if (typeof sent !== 'string') return sent.then((text) => this.#look(text, task));
    const bytes = bytesBeyondLimit(sent, NEAR_LIMIT_BYTES);
    const percent = bytes === undefined ? 0 : Math.floor((100 * bytes) / PAYLOAD_LIMIT_BYTES);
    if (percent <= this.#warnedPercent) return sent;
    this.#warnedPercent = percent;
    const advice = this.payloads
      ? 'set `payloads.above` lower, or `inline` fewer of its fields'
      : 'set `payloads` in the config, so that larger ones go through a store';
    task.log.warn(
      { bytes },
      `the output has ${percent} % of the bytes that Step Functions accepts: ${advice}`,
    );
    return sent;
  }
}

async function serialise(
  result: unknown,
  { kind, type }: OutputSpec,
  groups: Groups,
  limit: OutputLimit,
): Promise<string> {
  const list = kind === 'array';
  if (list && !Array.isArray(result)) {
    throw invalidOutput(type, [kindViolation(undefined, ARRAY)]);
  }
  const reads = new OutputReads();
  const output = new OutputInstances(groups, reads, limit);
  let instances: unknown;
  try {
    instances = list
      ? mapParts(result, undefined, (each, path) => output.make(each, type, path, 2))
      : output.make(result, type, undefined);
  } catch (error) {
    throw unreadable(error, output.path);
  }
  refuseAny(output.violations, type);
  const read = (object: object, name: string): unknown => reads.get(object, name);
  refuseAny(await brokenRules(instances, { groups, showValues: false, read }), type);
  return encode(instances, limit, new DescribedOutput(groups, reads, new Set([instances].flat())));
}

function refuseAny(violations: readonly Violation[], type: Constructor): void {
  if (violations.length > 0) throw invalidOutput(type, violations);
}

const invalidOutput = ({ name }: Constructor, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidOutput, `the output is not a valid ${name}`, violations);
