import { lookup } from 'node:dns/promises';
import { get } from 'node:http';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import type { Address } from '../../config/address.js';
import { showAddress } from '../../config/address.js';
import type { SeenHandler, SeenWorker } from './estimate.js';

/** The workers that were found at the given addresses. `workers` has the status of those that returned one. */
export interface FoundWorkers {
  readonly workers: readonly SeenWorker[];
  /** A text for each worker whose status can't be read: its address and the reason. */
  readonly unreadable: readonly string[];
}

/** Thrown if the addresses of the workers can't be looked up, so that it isn't known which workers there are. */
export class WorkersUnknown extends Error {
  override readonly name = 'WorkersUnknown';
}

const TIMEOUT_MS = 2_000;
/** The most bytes of a status that are read; the status of a worker has some kilobytes. */
const MOST_BYTES = 1024 * 1024;
/**
 * The DNS errors that mean that a name has no address: no worker runs. Any other error means that the lookup itself
 * failed.
 */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Reads the status of every worker at these health ports. If a host name has several addresses, there is a worker at
 * each of them.
 * @throws WorkersUnknown if a host name can't be looked up
 */
export async function readWorkers(places: readonly Address[], clock: Clock): Promise<FoundWorkers> {
  const addresses = (await Promise.all(places.map(addressesOf))).flat();
  const answers = await Promise.all(addresses.map((address) => readStatus(address, clock)));
  return {
    workers: answers.flatMap((answer) => (typeof answer === 'string' ? [] : [answer])),
    unreadable: answers.flatMap((answer) => (typeof answer === 'string' ? [answer] : [])),
  };
}

async function addressesOf({ host, port }: Address): Promise<Address[]> {
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))].map((address) => ({ host: address, port }));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (NO_ADDRESS.has(code)) return [];
    throw new WorkersUnknown(`the name ${host} could not be looked up: ${message}`, { cause: error });
  }
}

/**
 * Reads `/status` from the health port of one worker. Resolves with a text with the address and the reason if the
 * status can't be read. Never rejects.
 */
function readStatus(address: Address, clock: Clock): Promise<SeenWorker | string> {
  return new Promise((resolve) => {
    const giveUp = (why: string): void => resolve(`${showAddress(address)}: ${why}`);
    const { host, port } = address;
    const call = get({ host, port, path: '/status', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) call.destroy(new Error('its answer is too long'));
      });
      response.on('error', ({ message }) => giveUp(message));
      response.on('end', () => {
        const worker = seenIn(text);
        if (worker) resolve(worker);
        else giveUp('what answers there is no Stepwright worker of this version');
      });
    });
    // A whole answer is awaited for this long, also one that comes byte by byte.
    const giveUpCall = (): void => void call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`));
    call.on('close', limitCallAfter(clock, TIMEOUT_MS, giveUpCall));
    call.on('error', ({ message }) => giveUp(message));
  });
}

/**
 * Parses the text of `/status`. Returns undefined if the text isn't the status of a worker, since any program may
 * listen on the port.
 */
export function seenIn(text: string): SeenWorker | undefined {
  let status: Partial<SeenWorker> | null;
  try {
    status = JSON.parse(text) as Partial<SeenWorker> | null;
  } catch {
    return undefined;
  }
  const { state, handlers } = status ?? {};
  if (typeof state !== 'string' || !Array.isArray(handlers) || !handlers.every(isHandler)) return undefined;
  return {
    state,
    handlers: handlers.map(({ activityArn, concurrency, running, queue }) => ({
      activityArn,
      concurrency,
      running,
      queue,
    })),
  };
}

function isHandler(value: unknown): value is SeenHandler {
  if (typeof value !== 'object' || value === null) return false;
  const { activityArn, concurrency, running, queue } = value as Partial<SeenHandler>;
  const isCount = (each: unknown): boolean => Number.isSafeInteger(each) && Number(each) >= 0;
  if (typeof activityArn !== 'string' || !isCount(concurrency) || !isCount(running)) return false;
  const { emptyAt, emptyMinuteAt, minuteAt, begun } = queue ?? {};
  const isTime = (each: unknown): boolean => each === undefined || Number.isFinite(each);
  return (
    isTime(emptyAt) &&
    isTime(emptyMinuteAt) &&
    Number.isFinite(minuteAt) &&
    Array.isArray(begun) &&
    begun.every(isCount)
  );
}
