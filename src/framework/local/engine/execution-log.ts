import { KINDS, type StateKind } from '../../asl/kinds.js';
import type { Logger } from '../../base/log/log.js';
import { History, withoutData } from './history.js';
import type { Logging, Machine } from './machines/machine.js';

/** The longest time that an EXPRESS execution may take. AWS page "Choosing workflow type in Step Functions". */
export const EXPRESS_SECONDS = 300;

/** The types of state whose beginning is a failure. */
const FAILING = Object.entries<StateKind>(KINDS).flatMap(([type, { fails }]) => (fails ? [type] : []));

/** The events that each level logs. AWS page "Log levels for Step Functions execution events". */
const LOGGED: Readonly<Record<string, RegExp>> = {
  ALL: /^/,
  ERROR: new RegExp(`(?:Failed|TimedOut|Aborted)$|^(?:${FAILING.join('|')})StateEntered$`),
  FATAL: /^Execution(?:Failed|TimedOut|Aborted)$/,
};

/**
 * The events of an EXPRESS execution. They are numbered as in a history, but none is kept: each is a line of the log, as
 * the machine's logging configuration says.
 */
export class EventLog extends History {
  #count = 0;
  readonly #logging: Logging;
  readonly #logged: RegExp | undefined;

  /** @param isAwaited true if a caller gets the outcome. Otherwise a failure is logged also at the level OFF */
  constructor(
    private readonly executionArn: string,
    private readonly machine: Machine,
    private readonly log: Logger,
    isAwaited: boolean,
  ) {
    super();
    this.#logging = machine.settings.loggingConfiguration;
    const { level } = this.#logging;
    this.#logged = LOGGED[level === 'OFF' && !isAwaited ? 'FATAL' : level];
  }

  override get length(): number {
    return this.#count;
  }

  override add(type: string, at: number, previous: number, details: object = {}): number {
    this.#count++;
    if (this.#logged?.test(type) !== true) return this.#count;
    // Recorded from the live service: all values but the details are texts.
    const record = {
      id: String(this.#count),
      type,
      details: this.#logging.includeExecutionData ? details : withoutData(details),
      previous_event_id: String(previous),
      event_timestamp: String(Math.floor(at)),
      execution_arn: this.executionArn,
      redrive_count: '0',
    };
    const write = LOGGED['FATAL']?.test(type) === true ? 'warn' : 'info';
    this.log[write](record, `${this.machine.name} ${type}`);
    return this.#count;
  }
}

/** The names in the log line of a transition. */
interface TransitionNames {
  readonly name: string;
  readonly machineName: string;
}

/** Logs a history event if it is a transition: a state is entered, an attempt fails, or the execution begins or ends. */
export function logTransition(
  log: Logger,
  { name, machineName }: TransitionNames,
  type: string,
  details: object = {},
): void {
  const text = textOf(type, details);
  if (text !== undefined)
    log.info({ machine: machineName, execution: name, event: type }, `${machineName} ${name}: ${text}`);
}

function textOf(type: string, details: object): string | undefined {
  if (type.endsWith('StateEntered')) return String(Reflect.get(details, 'name'));
  if (type.startsWith('Execution'))
    return `${type.slice('Execution'.length).toLowerCase()}${errorIn(details)}`;
  return /(Failed|TimedOut)$/.test(type) ? `${type}${errorIn(details)}` : undefined;
}

function errorIn(details: object): string {
  const error: unknown = Reflect.get(details, 'error');
  return typeof error === 'string' ? ` with ${error}` : '';
}
