import { isPlainObject } from '../../base/plain-object.js';
import { show } from '../../base/show.js';
import type { HandlerStatus } from '../../base/worker-status.js';
import type { Configurable } from '../../worker/reconfiguration.js';

/** A request to a running worker over its control socket: one line of JSON. */
export type ControlRequest =
  | { readonly do: 'status' }
  | { readonly do: 'pause' | 'resume'; readonly handler: string }
  | { readonly do: 'configure'; readonly handler: string; readonly options: Configurable };

/** The worker's response to a request: one line of JSON. */
export type ControlAnswer =
  | { readonly handlers: readonly HandlerStatus[] }
  /** The response if the request was refused, with the reason. Nothing was changed. */
  | { readonly error: string };

const EXPECTED =
  'expected a line of JSON such as {"do":"pause","handler":"Class.method"}, with pause, resume, configure or status';

/**
 * Parses a request. The values of the options of `configure` are checked later, by the worker. @throws Error if the
 * text is not a valid request
 */
export function readRequest(line: string): ControlRequest {
  const request = parse(line);
  if (!isPlainObject(request)) throw new Error(`${EXPECTED}, got ${show(line.slice(0, 100))}`);
  const { do: verb, handler, options } = request;
  if (verb === 'status') return { do: verb };
  if (typeof handler !== 'string') throw new Error(`${EXPECTED}, got the handler ${show(handler)}`);
  if (verb === 'pause' || verb === 'resume') return { do: verb, handler };
  if (verb === 'configure' && isPlainObject(options)) return { do: verb, handler, options };
  throw new Error(`${EXPECTED}, got ${show(verb)}`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
