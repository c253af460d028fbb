import { AsyncResource } from 'node:async_hooks';
import { realNow } from './real-time.js';

/** The object that Node passes to an async hook: a native handle or a request. */
type Resource = object;

/** One kind of real work, such as a file or a socket. */
export interface WorkKind {
  /** The name of the work for error messages. */
  readonly name: string;
  /**
   * Returns a function that returns true while the work is in progress. Work also ends when Node destroys the resource.
   * @default it is in progress until then
   */
  readonly watch?: (resource: Resource) => () => boolean;
}

/** Watches a handle that is waited for only while it is referenced, that is, while it would keep the process alive. */
const whileReferenced =
  (resource: Resource): (() => boolean) =>
  () => {
    const hasRef: unknown = Reflect.get(resource, 'hasRef');
    return typeof hasRef !== 'function' || Reflect.apply(hasRef, resource, []) === true;
  };

/** Watches a zlib stream. A stream may exist for long without work. It has a buffer only while it processes a chunk. */
const whileWriting = (stream: Resource) => (): boolean => (Reflect.get(stream, 'buffer') ?? null) !== null;

const whileWaiting = (immediate: Resource) => (): boolean => Reflect.get(immediate, '_destroyed') !== true;

/** A socket with a counter of what it has received. */
interface Receiver {
  readonly bytesRead?: number;
}

/**
 * The traffic of a socket. It counts as work until a response arrives and then nothing more for a while, and again after
 * each write. One that is closed or not referenced, such as an idle socket of an HTTP agent, is no work.
 */
export class Conversation {
  readonly #isReferenced: () => boolean;
  /** How much had been received when the task last wrote. */
  #before = 0;
  #read = 0;
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param socket a new socket. While Node is creating it, its counter has no meaning */
  constructor(private readonly socket: Receiver) {
    this.#isReferenced = whileReferenced(socket);
  }

  /** Called before something is written. */
  wrote(): void {
    this.#before = this.#received;
  }

  /** @param quietMs for how many real milliseconds a socket that has received something is silent before it is idle */
  isOpen(quietMs: number): boolean {
    const read = this.#received;
    if (read !== this.#read) this.#readAt = realNow();
    this.#read = read;
    return this.#isReferenced() && (read === this.#before || realNow() - this.#readAt < quietMs);
  }

  get #received(): number {
    return this.socket.bytesRead ?? 0;
  }
}

const KINDS: readonly (readonly [types: RegExp, name: string, watch?: WorkKind['watch']])[] = [
  [/^(FSREQ|FILEHANDLECLOSEREQ)/, 'a file'],
  [/^(GETADDRINFOREQ|GETNAMEINFOREQ|QUERY)WRAP$/, 'a DNS lookup'],
  [/CONNECTWRAP$/, 'a connection'],
  [/^HTTPCLIENTREQUEST$/, 'an HTTP request'],
  [/^HTTP2STREAM$/, 'an HTTP/2 stream'],
  [/^(WRITE|SHUTDOWN|UDPSEND)WRAP$/, 'a socket', whileReferenced],
  [/^PROCESSWRAP$/, 'a child process', whileReferenced],
  [/^WORKER$/, 'a worker thread', whileReferenced],
  [/^MESSAGEPORT$/, 'a message from a thread', whileReferenced],
  [/^ZLIB$/, 'compression', whileWriting],
  [/^Immediate$/, 'an immediate', whileWaiting],
  // The types of node:crypto begin with what they compute, as in PBKDF2REQUEST.
  [/^[A-Z0-9]+REQUEST$/, 'crypto'],
];

/** Matches the types of Node's other resources, for which a handler doesn't wait. */
const OTHERS = /^([A-Z0-9_]+|TickObject|Microtask|Timeout)$/;

const found = new Map<string, WorkKind | undefined>();

/**
 * Returns the kind of work that one of Node's asynchronous resources stands for; undefined if a handler doesn't wait for
 * it.
 */
export function kindOf(type: string, resource: Resource): WorkKind | undefined {
  if (!found.has(type)) found.set(type, kindOfType(type));
  const kind = found.get(type);
  // Libraries make such resources only to keep an async context, and may never destroy them.
  return kind === NATIVE && resource instanceof AsyncResource ? undefined : kind;
}

/** The asynchronous work of an addon, such as the hash of bcrypt. Each addon chooses the type of its resources. */
const NATIVE: WorkKind = { name: 'native code' };

function kindOfType(type: string): WorkKind | undefined {
  for (const [types, name, watch] of KINDS) {
    if (!types.test(type)) continue;
    const whole = name === 'crypto' ? `crypto (${type.replace(/REQUEST$/, '').toLowerCase()})` : name;
    return watch ? { name: whole, watch } : { name: whole };
  }
  return OTHERS.test(type) ? undefined : NATIVE;
}
