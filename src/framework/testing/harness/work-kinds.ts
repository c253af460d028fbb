import { realNow } from './real-time.js';

/** The object that Node passes to an async hook: a native handle, a timer or a request. */
type Resource = object;

/**
 * One kind of real work, such as a file or a socket. The kind is recognised by the type that Node gives to an
 * asynchronous resource.
 */
export interface WorkKind {
  /** Returns the name of the work for error messages. */
  readonly name: (resource: Resource) => string;
  /**
   * Returns a function that returns true while the work is in progress. Work also counts as ended when Node destroys
   * the resource.
   */
  readonly watch: (resource: Resource) => () => boolean;
  /** True if the end of this kind of work is only known from Node's `destroy` hook. */
  readonly endsUnseen: boolean;
}

const always = (): (() => boolean) => () => true;

/**
 * Watches a resource that has a method `hasRef`. It is waited for only while it is referenced, that is, while it would
 * keep the process alive.
 */
const whileReferenced =
  (resource: Resource): (() => boolean) =>
  () => {
    const hasRef: unknown = Reflect.get(resource, 'hasRef');
    return typeof hasRef !== 'function' || Reflect.apply(hasRef, resource, []) === true;
  };

const whileArmed = (timer: Resource): (() => boolean) => {
  const isReferenced = whileReferenced(timer);
  return () => Reflect.get(timer, '_destroyed') !== true && isReferenced();
};

/** Watches a zlib stream. A stream may exist for long without work. It has a buffer only while it processes a chunk. */
const whileWriting =
  (stream: Resource): (() => boolean) =>
  () =>
    (Reflect.get(stream, 'buffer') ?? null) !== null;

/** A socket that has received something is considered idle after this many real milliseconds without traffic. */
const SOCKET_QUIET_MS = 50;

/** Watches a socket. It counts as work until a response arrives, and again after each write until the next response. */
function whileUnanswered(socket: Resource): () => boolean {
  if (typeof Reflect.get(socket, 'hasRef') !== 'function') return () => false;
  const isReferenced = whileReferenced(socket);
  let [read, written, readAt] = [0, 0, Number.POSITIVE_INFINITY];
  return () => {
    const [nowRead, nowWritten] = [
      Number(Reflect.get(socket, 'bytesRead') ?? 0),
      Number(Reflect.get(socket, 'bytesWritten') ?? 0),
    ];
    if (nowRead !== read) readAt = realNow();
    else if (nowWritten !== written) readAt = Number.POSITIVE_INFINITY;
    [read, written] = [nowRead, nowWritten];
    return isReferenced() && realNow() - readAt < SOCKET_QUIET_MS;
  };
}

const kind = (
  name: string | WorkKind['name'],
  watch: WorkKind['watch'] = always,
  endsUnseen = true,
): WorkKind => ({ name: typeof name === 'string' ? () => name : name, watch, endsUnseen });

const FILE = kind('a file');
const DNS = kind('a DNS lookup');
const CONNECT = kind('a connection');
const SEND = kind('a socket', whileReferenced);
const SOCKET = kind('a socket', whileUnanswered);

const KINDS: Readonly<Record<string, WorkKind>> = {
  FSREQCALLBACK: FILE,
  FSREQPROMISE: FILE,
  FILEHANDLECLOSEREQ: FILE,
  GETADDRINFOREQWRAP: DNS,
  GETNAMEINFOREQWRAP: DNS,
  QUERYWRAP: DNS,
  TCPCONNECTWRAP: CONNECT,
  PIPECONNECTWRAP: CONNECT,
  HTTPCLIENTREQUEST: kind('an HTTP request'),
  HTTP2STREAM: kind('an HTTP/2 stream'),
  WRITEWRAP: SEND,
  SHUTDOWNWRAP: SEND,
  UDPSENDWRAP: SEND,
  TCPWRAP: SOCKET,
  PIPEWRAP: SOCKET,
  PROCESSWRAP: kind('a child process', whileReferenced),
  WORKER: kind('a worker thread', whileReferenced),
  MESSAGEPORT: kind('a message from a thread', whileReferenced),
  ZLIB: kind('compression', whileWriting, false),
  Timeout: kind(timerName, whileArmed, false),
  Immediate: kind('an immediate', whileArmed, false),
};

function timerName(timer: Resource): string {
  const ms = Number(Reflect.get(timer, '_idleTimeout'));
  const repeats = (Reflect.get(timer, '_repeat') ?? null) !== null;
  return `a real ${repeats ? 'interval' : 'timer'} of ${ms} ms`;
}

/** Matches the resource types of `node:crypto`. Their names begin with what they compute, as in PBKDF2REQUEST. */
const CRYPTO = /^([A-Z0-9]+)REQUEST$/;

/**
 * Returns the kind of work that a type of Node's asynchronous resources stands for. Returns undefined if a handler
 * doesn't wait for such resources.
 */
export function kindOf(type: string): WorkKind | undefined {
  const known = KINDS[type];
  if (known) return known;
  const [, request] = CRYPTO.exec(type) ?? [];
  return request === undefined ? undefined : kind(`crypto (${request.toLowerCase()})`);
}
