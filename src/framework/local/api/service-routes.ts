import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseDuration } from '../../base/time/duration.js';
import { VERSION } from '../../base/package.js';
import {
  isScale,
  LARGEST_SCALE,
  LEAST_SCALE,
  type ScaledClock,
  type TimeChange,
} from '../../base/time/scaled-clock.js';
import { parseBody } from './request-body.js';
import type { Body } from './request-validation.js';
import type { RequestHandler, Service } from './operation.js';

/** The longest time by which one request puts the clock forward. */
const LONGEST_ADVANCE_MS = 366 * 86_400_000;
const EXPECTED = `send {"scale": 60}, from ${LEAST_SCALE} to ${LARGEST_SCALE}, or {"advance": "1h"}, at most a year, or both`;

/**
 * Answers the requests that Step Functions doesn't have: `GET /health`, and `GET` and `POST /clock` for the time in which
 * executions run. `/health` is answered by any name, because an orchestrator asks by an address.
 */
export class ServiceRoutes implements RequestHandler {
  constructor(
    private readonly clock: ScaledClock,
    private readonly service: Pick<Service, 'bodies' | 'isAllowed'>,
  ) {}

  isFor({ url = '/', method }: IncomingMessage): boolean {
    const path = url.replace(/\?.*$/, '');
    return (path === '/health' && method !== 'POST') || path === '/clock';
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/health')) return send(response, 200, { status: 'ok', version: VERSION });
    const text = await this.service.bodies.read(request, response);
    if (!this.service.isAllowed(request))
      return send(response, 403, { message: 'This name or page is not allowed' });
    if (request.method === 'POST') {
      const change = typeof text === 'string' ? changeIn(parseBody(text)) : undefined;
      if (!change) return send(response, 400, { message: EXPECTED });
      this.clock.change(change);
    } else if (request.method !== 'GET') return send(response, 405, { message: EXPECTED });
    const { clock } = this;
    send(response, 200, { time: new Date(clock.now()).toISOString(), scale: clock.scale });
  }
}

/** Returns the change that a request asks for; undefined if it is none. */
function changeIn(body: Body | undefined): TimeChange | undefined {
  if (!body) return undefined;
  const { scale, advance, ...others } = body;
  const advanceMs = advance === undefined ? undefined : parseDuration(advance);
  if (Object.keys(others).length > 0 || (scale === undefined && advance === undefined)) return undefined;
  if (advance !== undefined && (advanceMs === undefined || advanceMs > LONGEST_ADVANCE_MS)) return undefined;
  if (scale !== undefined && !isScale(scale)) return undefined;
  return { ...(scale !== undefined && { scale }), advanceMs };
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
