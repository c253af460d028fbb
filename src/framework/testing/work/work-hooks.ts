import { createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { Conversation, kindOf } from './work-kinds.js';

/** The real work of one task, to which work is added. */
interface Begins {
  /** @param isOpen returns true while the work is in progress. @default until `over` is called */
  begin(id: unknown, name: string, isOpen?: (quietMs: number) => boolean): void;
  over(id: unknown): void;
  addTimer(timer: object): void;
}

/** Returns the real work of the task for which the calling code is running. */
let workOfCaller: () => Begins | undefined = () => undefined;

/**
 * The task that began an asynchronous resource, by Node's id of the resource, until Node destroys the resource.
 */
const owners = new Map<number, Begins>();

/** Matches the types of sockets. */
const SOCKETS = /^(TCP|TLS|PIPE)WRAP$/;

const begins = createHook({
  init(id, type, _trigger, resource) {
    if (type === 'PROMISE' || type === 'TickObject') return;
    const isSocket = SOCKETS.test(type);
    const kind = kindOf(type, resource);
    const task = kind || isSocket || type === 'Timeout' ? workOfCaller() : undefined;
    if (!task) return;
    if (type === 'Timeout') task.addTimer(resource);
    else if (!kind) beginSocket(resource, task);
    else {
      if (owners.size === 0) ends.enable();
      owners.set(id, task);
      task.begin(id, kind.name, kind.watch?.(resource));
    }
  },
});

/**
 * The `destroy` hook is separate and enabled only while a resource is open. While any `destroy` hook is enabled, Node
 * tracks the end of every promise, which is slow.
 */
const ends = createHook({
  destroy(id) {
    owners.get(id)?.over(id);
    if (owners.delete(id) && owners.size === 0) ends.disable();
  },
});

/** The methods by which Node writes on a socket. */
const WRITES = [
  'writeBuffer',
  'writev',
  'writeUtf8String',
  'writeLatin1String',
  'writeAsciiString',
  'writeUcs2String',
];

/** Tracks a socket that a task opens. */
function beginSocket(socket: object, task: Begins): void {
  // When an HTTP request uses a connection again, Node announces an object that is no socket.
  if (typeof Reflect.get(socket, 'hasRef') !== 'function') return;
  const conversation = new Conversation(socket);
  for (const name of WRITES) {
    const write: unknown = Reflect.get(socket, name);
    if (typeof write !== 'function') continue;
    Reflect.set(socket, name, (...args: readonly unknown[]): unknown => {
      conversation.wrote();
      return Reflect.apply(write, socket, args);
    });
  }
  task.begin(socket, 'a socket', (quietMs) => conversation.isOpen(quietMs));
}

/**
 * The events of `fetch` and undici. A request is tracked by its events and not by a socket, since it may use a connection
 * that another task has opened.
 */
const CHANNELS = [
  ['undici:request:create', (message) => begin(field(message, 'request'), 'an HTTP request')],
  ['undici:request:trailers', (message) => end(field(message, 'request'))],
  ['undici:request:error', (message) => end(field(message, 'request'))],
] as const satisfies readonly (readonly [string, (message: unknown) => void])[];

const begun = new WeakMap<object, Begins>();

function begin(what: object | undefined, name: string): void {
  const task = what && workOfCaller();
  if (!task) return;
  begun.set(what, task);
  task.begin(what, name);
}

function end(what: object | undefined): void {
  if (what) begun.get(what)?.over(what);
}

/**
 * Tracks each UDP socket on which a task sends, until a response arrives. Without a listener for messages, there is no
 * response to wait for.
 */
function watchUdp(socket: Udp): void {
  const { send } = socket;
  const traffic = { bytesRead: 0, hasRef: () => socket.listenerCount('message') > 1 };
  let conversation: Conversation | undefined;
  socket.send = (...args) => {
    const task = workOfCaller();
    if (task && !conversation) socket.on('message', () => void traffic.bytesRead++);
    const known = task ? (conversation ??= new Conversation(traffic)) : undefined;
    known?.wrote();
    if (known) task?.begin(socket, 'a UDP socket', (quietMs) => known.isOpen(quietMs));
    return Reflect.apply(send, socket, args);
  };
  socket.on('close', () => (traffic.hasRef = () => false));
}

/** The methods of `dgram.Socket` that are used here. That module isn't loaded, since most tests don't need it. */
interface Udp {
  send: (...args: readonly unknown[]) => unknown;
  on(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
}

// A test may open its sockets before the first task.
channel('udp.socket').subscribe((message) => {
  const socket = field(message, 'socket');
  if (socket) watchUdp(socket as Udp);
});

/**
 * The functions of WebAssembly that compile in another thread. Node's hooks don't report such work, so these functions
 * are replaced while tasks run.
 */
const COMPILERS = ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'];
const compilers = field(globalThis, 'WebAssembly');
const replaced = new Map<string, unknown>();

function watchCompiler(name: string): void {
  const compile: unknown = compilers && Reflect.get(compilers, name);
  if (!compilers || typeof compile !== 'function') return;
  replaced.set(name, compile);
  Reflect.set(compilers, name, async (...args: readonly unknown[]) => {
    const work = {};
    begin(work, 'WebAssembly');
    try {
      return await (Reflect.apply(compile, compilers, args) as Promise<unknown>);
    } finally {
      end(work);
    }
  });
}

/**
 * True while Vitest loads a module. It asks its main process for the module, over a connection that no task has opened.
 * These are the fields by which `vi.dynamicImportSettled()` of Vitest 3 and 4 knows.
 */
export function isVitestImporting(): boolean {
  const worker = field(globalThis, '__vitest_worker__');
  if (!worker) return false;
  const { resolvingModules, moduleCache, evaluatedModules } = worker as VitestWorker;
  if (resolvingModules && resolvingModules.size > 0) return true;
  for (const { resolving, promise, evaluated } of (
    moduleCache ?? evaluatedModules?.idToModuleMap
  )?.values() ?? [])
    if (resolving === true || (promise !== undefined && evaluated !== true)) return true;
  return false;
}

interface VitestWorker {
  readonly resolvingModules?: ReadonlySet<unknown>;
  /** Of Vitest 3. */
  readonly moduleCache?: VitestModules;
  /** Of Vitest 4. */
  readonly evaluatedModules?: { readonly idToModuleMap: VitestModules };
}

type VitestModules = ReadonlyMap<
  string,
  { readonly resolving?: boolean; readonly promise?: unknown; readonly evaluated?: boolean }
>;

let isWatching = false;

/**
 * Begins to watch what Node does.
 * @param caller returns the real work of the task for which the calling code is running
 */
export function watch(caller: typeof workOfCaller): void {
  workOfCaller = caller;
  if (isWatching) return;
  isWatching = true;
  begins.enable();
  for (const [name, listener] of CHANNELS) channel(name).subscribe(listener);
  for (const name of COMPILERS) watchCompiler(name);
}

/** Ends `watch`. */
export function unwatch(): void {
  isWatching = false;
  begins.disable();
  ends.disable();
  owners.clear();
  for (const [name, listener] of CHANNELS) channel(name).unsubscribe(listener);
  for (const [name, compile] of replaced) if (compilers) Reflect.set(compilers, name, compile);
  replaced.clear();
}

function field(object: unknown, name: string): object | undefined {
  const value: unknown = Object(object) === object ? Reflect.get(object as object, name) : undefined;
  return typeof value === 'object' && value !== null ? value : undefined;
}
