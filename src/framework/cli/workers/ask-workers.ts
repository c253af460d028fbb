import { lookup } from 'node:dns/promises';
import { type IncomingHttpHeaders, request, type RequestOptions } from 'node:http';
import { isPlainObject, parseJson } from '../../base/json.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { type Clock, wallTime } from '../../base/time/clock.js';
import { type Address, showAddress } from '../../config/address.js';
import { plainReason } from '../../aws/advice.js';
import { query } from '../../aws/queries/query.js';

/** The JSON that one address has returned for `/status`, which may be anything, or the reason why there is none. */
export type Answer = {
  readonly address: Address;
  /** The place that has the address. */
  readonly place: Address;
  /**
   * The milliseconds by which the clock of the worker's machine is ahead of this one's, by the header `date` of its
   * response. @default it isn't known
   */
  readonly aheadMs?: number | undefined;
} & (
  | { readonly status: unknown; readonly why?: undefined }
  | { readonly status?: undefined; readonly why: string }
);

/** A place whose addresses are not known. */
interface LostPlace {
  readonly place: Address;
  readonly why: string;
  /** True if the name has no address, so that no worker runs there. False if the lookup itself failed. */
  readonly isEmpty: boolean;
}

export interface Answers {
  readonly answers: readonly Answer[];
  readonly lost: readonly LostPlace[];
}

const LOOKUP_MS = 5_000;
const STATUS_MS = 2_000;
/** The most bytes of a status that are read; the status of a worker has some kilobytes. */
const MOST_BYTES = 1024 * 1024;
/** The DNS errors that mean that a name has no address. Any other error means that the lookup itself failed. */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Asks the worker at each address of these places for its status. A name with several addresses has a worker at each.
 * An address that several places have is asked once. Takes seven seconds at most, and never rejects.
 */
export async function askWorkers(places: readonly Address[], clock: Clock): Promise<Answers> {
  const found = await Promise.all(places.map((place) => addressesOf(place, clock)));
  const addresses = new Map(
    found.flatMap((each, index) =>
      Array.isArray(each)
        ? each.map((address) => [showAddress(address), { address, place: places[index] ?? address }] as const)
        : [],
    ),
  );
  return {
    answers: await Promise.all(
      Array.from(addresses.values(), async ({ address, place }) => ({
        ...(await askStatus(address, clock)),
        address,
        place,
      })),
    ),
    lost: found.flatMap((each) => (Array.isArray(each) ? [] : [each])),
  };
}

/**
 * Looks up the addresses of a place. If a name has addresses of both families, only those of IPv4 are returned: a worker
 * with two addresses would otherwise count twice.
 */
async function addressesOf(place: Address, clock: Clock): Promise<Address[] | LostPlace> {
  const { host, port } = place;
  try {
    const found = await query(clock, () => lookup(host, { all: true }), LOOKUP_MS);
    const ipv4 = found.filter(({ family }) => family === 4);
    const used = ipv4.length > 0 ? ipv4 : found;
    return used.map(({ address }) => ({ host: address, port }));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (NO_ADDRESS.has(code)) return { place, why: `the name ${host} has no address`, isEmpty: true };
    return { place, why: `the name ${host} could not be looked up: ${message}`, isEmpty: false };
  }
}

/** Reads `/status` from the health port of one worker. Never rejects. */
const askStatus = (address: Address, clock: Clock): Promise<Reply> =>
  callPage({ ...address, path: '/status' }, clock, STATUS_MS).then(replyOf, ({ message }: Error) => ({
    why: message,
  }));

interface PageResponse {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON of the body; undefined if it is none. */
  readonly value: unknown;
}

/**
 * Asks a worker for a page.
 * @param options the address of its health port or control socket, and the page
 * @param limitMs how long the whole response is awaited
 * @throws Error that says in plain words why there is no response. Its cause is the error of the connection, or a
 * {@link NoAnswer}
 */
export function callPage(options: RequestOptions, clock: Clock, limitMs: number): Promise<PageResponse> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new Error(reasonOf(error), { cause: error }));
    const call = request({ ...options, agent: false }, (response) => {
      const { statusCode = 0, headers } = response;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) call.destroy(new Refused('its answer is too long'));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ statusCode, headers, value: parseJson(text) }));
    });
    // A whole answer is awaited for this long, also one that comes byte by byte.
    const late = (): void => void call.destroy(new NoAnswer(`no answer within ${limitMs / 1000} s`));
    call.on('close', limitCallAfter(clock, limitMs, late));
    call.on('error', fail);
    call.end();
  });
}

/** An error whose message is the reason, in plain words. */
class Refused extends Error {
  override readonly name: string = 'Refused';
}

/** The error of a call whose whole response has not come in time. */
export class NoAnswer extends Refused {
  override readonly name = 'NoAnswer';
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error instanceof Refused) return error.message;
  return error.code?.startsWith('HPE_') ? 'what answers there does not speak HTTP' : plainReason(error);
}

/** The reason if something other than a worker answers. */
const NO_WORKER = 'what answers there is no Stepwright worker: is it the port of --health-port?';

type Reply = { readonly status: unknown; readonly aheadMs?: number | undefined } | { readonly why: string };

function replyOf({ statusCode, headers, value }: PageResponse): Reply {
  // The header has a whole second.
  const ahead = Date.parse(headers.date ?? '') + 500 - wallTime();
  const aheadMs = Number.isNaN(ahead) ? undefined : ahead;
  if (statusCode === 200) return value === undefined ? { why: NO_WORKER } : { status: value, aheadMs };
  return { why: refusalIn(statusCode, value) };
}

/** Returns the reason of a health port that shows no status: the name isn't its own, or its event loop is blocked. */
function refusalIn(statusCode: number, value: unknown): string {
  const { error, reasons } = isPlainObject(value) ? value : {};
  const [reason] = Array.isArray(reasons) ? (reasons as unknown[]) : [error];
  return typeof reason === 'string' ? `it answers ${statusCode}: ${reason}` : `${NO_WORKER} (${statusCode})`;
}
