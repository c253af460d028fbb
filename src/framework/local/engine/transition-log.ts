import type { Logger } from '../../base/log/log.js';
import type { Execution } from './execution.js';

/** Logs a history event if it is a transition: a state is entered, an attempt fails, or the execution begins or ends. */
export function logTransition(
  log: Logger,
  { name, machineName }: Execution,
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
