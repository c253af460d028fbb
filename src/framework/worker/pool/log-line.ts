import { type Logger, partsOf } from '../../base/log/log.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A log line as a thread or a process sends it. */
export interface LogLine {
  readonly level: Level;
  readonly message: string;
  /** JSON text of an object. */
  readonly fields: string;
}

/** Makes a logger that passes its lines to `send` as text. Its methods throw for no value of a field. */
export function remoteLog(send: (line: LogLine) => void, fields: object = {}): Logger {
  const write =
    (level: Level) =>
    (...args: [string] | [object, string]): void => {
      const [own, message] = partsOf(...args);
      send({ level, message, fields: fieldsText({ ...fields, ...own }) });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => remoteLog(send, { ...fields, ...more }),
  };
}

/** Writes a line that a thread or a process sent. */
export function writeLine(log: Logger, { level, message, fields }: LogLine): void {
  log[level](JSON.parse(fields, reviveError) as object, message);
}

function fieldsText(fields: object): string {
  try {
    return JSON.stringify(fields, replaceError);
  } catch (error) {
    return JSON.stringify({ fieldsLost: String(error) });
  }
}

const ERROR_KEY = '$stepwright:error';
/** The properties of an error that `Object.entries` does not list. */
const UNLISTED = ['name', 'message', 'stack', 'cause', 'errors'];

interface RemoteError {
  /** The name of its class. */
  readonly type: string;
  readonly unlisted: object;
  readonly own: object;
}

function replaceError(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const unlisted = Object.fromEntries(UNLISTED.map((key) => [key, Reflect.get(value, key) as unknown]));
  const own = Object.fromEntries(Object.entries(value));
  return { [ERROR_KEY]: { type: value.constructor.name, unlisted, own } };
}

function reviveError(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(ERROR_KEY in value)) return value;
  const { type, unlisted, own } = value[ERROR_KEY] as RemoteError;
  // A log shows the name of an error's class, so the copy gets a class of that name.
  const { [type]: Kind = Error } = { [type]: class extends Error {} };
  const error = Object.assign(new Kind(), own);
  for (const [key, each] of Object.entries(unlisted))
    if (!Object.hasOwn(own, key))
      Object.defineProperty(error, key, { value: each as unknown, writable: true, configurable: true });
  return error;
}
