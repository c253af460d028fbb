import { type Logger, partsOf } from '../../base/log/log.js';

/** One line that was logged. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** The line's fields, which win over the logger's. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Makes a logger that keeps its lines, and passes them on. */
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
