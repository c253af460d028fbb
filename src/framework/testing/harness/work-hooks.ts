import { createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { kindOf, whileUnanswered } from './work-kinds.js';

/** The real work of one task, to which work is added. */
interface Begins {
  /** @param isOpen returns true while the work is in progress. @default until `over` is called */
  begin(id: unknown, name: string, isOpen?: () => boolean): void;
  over(id: unknown): void;
  addTimer(timer: object): void;
}

/** Returns the real work of the task for which the calling code is running. */
let workOfCaller: () => Begins | undefined = () => undefined;

/**
 * The task that began an asynchronous resource, by Node's id of the resource, until Node destroys the resource.
 */
const owners = new Map<number, Begins>();

const begins = createHook({
  init(id, type, _trigger, resource) {
    if (type === 'PROMISE' || type === 'TickObject') return;
    const kind = type === 'Timeout' ? 'timer' : kindOf(type, resource);
    const task = kind && workOfCaller();
    if (!task) return;
    if (kind === 'timer') {
      task.addTimer(resource);
      return;
    }
    if (owners.size === 0) ends.enable();
    owners.set(id, task);
    task.begin(id, kind.name, kind.watch?.(resource));
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

/**
 * The events of `fetch` and undici, and of UDP sockets. A request is tracked by its events and not by a socket, since it
 * may use a connection that another task has opened.
 */
const CHANNELS = [
  ['undici:request:create', (message) => begin(field(message, 'request'), 'an HTTP request')],
  ['undici:request:trailers', (message) => end(field(message, 'request'))],
  ['undici:request:error', (message) => end(field(message, 'request'))],
  ['udp.socket', (message) => beginUdp(field(message, 'socket'))],
] as const satisfies readonly (readonly [string, (message: unknown) => void])[];

const begun = new WeakMap<object, Begins>();

function begin(what: object | undefined, name: string, isOpen?: () => boolean): void {
  const task = what && workOfCaller();
  if (!task) return;
  begun.set(what, task);
  task.begin(what, name, isOpen);
}

function end(what: object | undefined): void {
  if (what) begun.get(what)?.over(what);
}

/**
 * Tracks a UDP socket like a TCP socket, by what is sent and received. Without a listener for messages, no response is
 * waited for.
 */
function beginUdp(socket: object | undefined): void {
  if (!socket) return;
  const { on, send, listenerCount } = socket as Udp;
  const traffic = {
    bytesRead: 0,
    bytesWritten: 0,
    hasRef: () => Reflect.apply(listenerCount, socket, ['message']) > 1,
  };
  Reflect.apply(on, socket, ['message', () => void traffic.bytesRead++]);
  Reflect.apply(on, socket, ['close', () => end(socket)]);
  Reflect.set(socket, 'send', (...args: readonly unknown[]) => {
    traffic.bytesWritten++;
    return Reflect.apply(send, socket, args);
  });
  begin(socket, 'a UDP socket', whileUnanswered(traffic));
}

/** The methods of `dgram.Socket` that are used here. That module isn't loaded, since most tests don't need it. */
interface Udp {
  readonly on: (event: string, listener: () => void) => unknown;
  readonly send: (...args: readonly unknown[]) => unknown;
  readonly listenerCount: (event: string) => number;
}

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
