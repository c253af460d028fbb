import { type Logger, partsOf } from '../../base/log/log.js';

/** One line that a handler logged. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /**
   * The fields that were logged with the line, merged with those of its logger. A field that is in both has the line's
   * value.
   */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Creates a logger that adds each line to `entries` and also writes it to the logger `passOn`. */
export function keepLog(entries: LogEntry[], passOn: Logger, fields: Record<string, unknown> = {}): Logger {
  const line =
    (level: LogEntry['level']) =>
    (...args: [string] | [object, string]): void => {
      const [own, message] = partsOf(...args);
      entries.push({ level, message, fields: { ...fields, ...own } });
      passOn[level](own, message);
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (more) => keepLog(entries, passOn.child(more), { ...fields, ...more }),
  };
}
