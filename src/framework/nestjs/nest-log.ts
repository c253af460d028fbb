import { Logger as NestLogger } from '@nestjs/common';
import { type Logger, type LogLine, partsOf } from '../base/log/log.js';

/**
 * Returns a logger that writes to Nest's logger. The context of a line is its handler, or `Stepwright`. Further fields
 * follow the message as JSON, and the stack of an error comes after them.
 */
export function nestLog(fields: Record<string, unknown> = {}): Logger {
  const { handler, ...constant } = fields;
  const nest = new NestLogger(typeof handler === 'string' ? handler : 'Stepwright');
  const lineFor =
    (write: (message: string, error?: string) => void): LogLine =>
    (...args: [string] | [object, string]) => {
      const [own, message] = partsOf(...args);
      const { err, ...rest }: { err?: unknown } = { ...constant, ...own };
      write(text(message, rest), err instanceof Error ? (err.stack ?? err.message) : undefined);
    };
  return {
    debug: lineFor((message, error) => nest.debug(joined(message, error))),
    info: lineFor((message, error) => nest.log(joined(message, error))),
    warn: lineFor((message, error) => nest.warn(joined(message, error))),
    error: lineFor((message, error) => nest.error(message, error)),
    child: (more) => nestLog({ ...fields, ...more }),
  };
}

const joined = (message: string, error: string | undefined): string =>
  error === undefined ? message : `${message}\n${error}`;

function text(message: string, fields: object): string {
  if (Object.keys(fields).length === 0) return message;
  try {
    return `${message} ${JSON.stringify(fields)}`;
  } catch {
    // A value in it can't be written as JSON, such as an object that contains itself.
    return message;
  }
}
