import { randomUUID } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import { type Logger, lostFields, partsOf } from '../../base/log/log.js';
import { show } from '../../base/show.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A log line as plain data. Threads and processes of a pool send their log lines to the worker in this form. */
export interface LogLine {
  readonly level: Level;
  readonly message: string;
  /** The line's fields, as the JSON text of an object. */
  readonly fields: string;
  /**
   * If `fields` contains errors, each is written as an object with only this key. The key is random and new for each
   * line, so that user data can't contain it by chance. Undefined if there are no errors.
   */
  readonly errorKey?: string;
}

/** Each line counts this many characters more than its message and fields, for the cost of sending it. */
const LINE_OVERHEAD = 100;

/** Returns the size of a line in characters. It counts for the limit on lines that are sent but not yet written. */
export const lineSize = ({ message, fields }: LogLine): number =>
  message.length + fields.length + LINE_OVERHEAD;

/**
 * Makes a logger that passes each line to `send` as plain data. Its methods never throw, whatever the fields contain.
 */
export function remoteLog(send: (line: LogLine) => void, fields: object = {}): Logger {
  const write =
    (level: Level) =>
    (...args: [string] | [object, string]): void => {
      const [own, message] = partsOf(...args);
      const text = typeof message === 'string' ? message : show(message);
      send({ level, message: text, ...fieldsText(() => ({ ...fields, ...own })) });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => remoteLog(send, { ...fields, ...more }),
  };
}

/** Writes a log line that a thread or a process of a pool has sent, to the logger `log`. */
export function writeLine(log: Logger, { level, message, fields, errorKey }: LogLine): void {
  const revive = errorKey === undefined ? undefined : reviveError(errorKey);
  log[level](JSON.parse(fields, revive) as object, message);
}

function fieldsText(fields: () => object): Pick<LogLine, 'fields' | 'errorKey'> {
  let errorKey: string | undefined;
  const replace = (_: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return String(value);
    if (!isNativeError(value)) return value;
    return { [(errorKey ??= randomUUID())]: toRemote(value) };
  };
  try {
    // If the fields have a function `toJSON`, the text may be undefined.
    const text: string | undefined = JSON.stringify(fields(), replace);
    return { fields: text ?? '{}', ...(errorKey !== undefined && { errorKey }) };
  } catch (error) {
    return { fields: JSON.stringify(lostFields(error)) };
  }
}

/** The properties of an error that `Object.entries` may not list, so they are copied by name. */
const UNLISTED = ['name', 'message', 'stack', 'cause', 'errors'];

interface RemoteError {
  /** The name of the error's class. */
  readonly type: string;
  readonly unlisted: object;
  readonly own: object;
}

function toRemote(error: Error): RemoteError {
  const unlisted = Object.fromEntries(UNLISTED.map((key) => [key, Reflect.get(error, key) as unknown]));
  return { type: error.constructor.name, unlisted, own: Object.fromEntries(Object.entries(error)) };
}

const reviveError =
  (errorKey: string) =>
  (_: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, errorKey)) return value;
    const { type, unlisted, own } = Reflect.get(value, errorKey) as RemoteError;
    // Logs show the name of an error's class, so the copy is made from a class with the same name.
    const { [type]: Kind = Error } = { [type]: class extends Error {} };
    const error = Object.assign(new Kind(), own);
    for (const [key, each] of Object.entries(unlisted))
      if (!Object.hasOwn(own, key))
        Object.defineProperty(error, key, { value: each as unknown, writable: true, configurable: true });
    return error;
  };
