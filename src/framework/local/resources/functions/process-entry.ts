/** The module that a function's process starts with: loads the user's handler, and runs it as Lambda does. */

import { pathToFileURL } from 'node:url';
import { systemClock } from '../../../base/time/clock.js';
import {
  failed,
  fileOf,
  type FunctionSetup,
  type Invocation,
  type InvocationResult,
  succeeded,
} from './invocation.js';

type Callback = (error?: unknown, result?: unknown) => void;
type Handler = (event: unknown, context: object, callback: Callback) => unknown;

const setup = JSON.parse(process.argv[2] ?? '') as FunctionSetup;

/** The most lines of a trace. */
const TRACE_LINES = 50;

/** Returns the result for what a handler has thrown, which can be any value. */
function failedBy(thrown: unknown, type?: string): InvocationResult {
  if (!(thrown instanceof Error)) return failed(type ?? typeof thrown, String(thrown), []);
  const { name, message, stack = '' } = thrown;
  return failed(type ?? name, message, stack.split('\n').slice(0, TRACE_LINES));
}

/** Names an error, and gives it a message, as Lambda's runtime does. */
const named = (name: string, error: Error, message = String(error)): Error =>
  Object.assign(error, { name: `Runtime.${name}`, message });

/** @throws Error Runtime.ImportModuleError if a file is missing; Runtime.UserCodeSyntaxError; Runtime.HandlerNotFound */
async function load({ module, handler }: FunctionSetup): Promise<Handler> {
  const file = fileOf(module);
  if (file === undefined)
    throw named('ImportModuleError', new Error(`Cannot find module '${module}' (.js, .mjs or .cjs)`));
  const loaded: unknown = await import(pathToFileURL(file).href).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof SyntaxError) throw named('UserCodeSyntaxError', error);
    throw error.code === 'MODULE_NOT_FOUND' ? named('ImportModuleError', error) : error;
  });
  const found = exportIn(loaded, handler) ?? exportIn(Reflect.get(Object(loaded), 'default'), handler);
  if (typeof found === 'function') return found as Handler;
  const how = found ? 'is not a function' : 'is undefined or not exported';
  throw named('HandlerNotFound', new Error(), `${process.env['_HANDLER']} ${how}`);
}

const exportIn = (loaded: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => Reflect.get(Object(value), key), loaded);

/** Returns Lambda's context object. */
function contextOf({ requestId, functionArn }: Invocation, callback: Callback): object {
  const ends = systemClock.now() + setup.timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: setup.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(setup.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${setup.name}`,
    logStreamName: 'local',
    clientContext: undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(ends - systemClock.now())),
    done: callback,
    fail: (error: unknown) => callback(error ?? 'handled'),
    succeed: (result: unknown) => callback(null, result),
  };
}

/** Runs a handler: it returns a promise, or calls its callback. A later outcome has no effect. */
function run(handler: Handler, invocation: Invocation): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) =>
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a handler may fail with any value
      error === null || error === undefined ? resolve(result) : reject(error);
    onIdle = () => resolve(null);
    const returned = handler(JSON.parse(invocation.payload), contextOf(invocation, callback), callback);
    if (isThenable(returned)) returned.then(resolve, reject);
  });
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** Called when nothing is left to do: a handler that neither returns a promise nor calls back ends then. */
let onIdle = (): void => {};
let loading: Promise<Handler> | undefined;

async function resultOf(handler: Handler, invocation: Invocation): Promise<InvocationResult> {
  const returned = await run(handler, invocation);
  let payload: string | undefined;
  try {
    payload = JSON.stringify(returned);
  } catch (error) {
    throw new Error(`Unable to stringify response body: ${String(error)}`, { cause: error });
  }
  return succeeded(payload ?? 'null');
}

async function answer(invocation: Invocation): Promise<void> {
  // A function is in one region. One that is called by its name from machines in several is in that of the first.
  const [, , , region = ''] = invocation.functionArn.split(':');
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) process.env[name] ??= region;
  // While the handler runs, only what it waits for keeps the process alive.
  process.channel?.unref();
  let handler: Handler;
  try {
    handler = await (loading ??= load(setup));
  } catch (error) {
    // Node remembers the failure of a module, so that it is loaded again in another process.
    return endWith(error);
  }
  const result = await resultOf(handler, invocation).catch(failedBy);
  process.channel?.ref();
  process.send?.(result);
}

/** Answers with an error, and ends the process: as Lambda does after an error that nothing has caught. */
function endWith(error: unknown, type?: string): void {
  const result: InvocationResult = { ...failedBy(error, type), isLast: true };
  process.send?.(result, () => process.exit(1));
}

process.on('beforeExit', () => onIdle());
process.on('uncaughtException', (error) => endWith(error));
process.on('unhandledRejection', (reason) => endWith(reason, 'Runtime.UnhandledPromiseRejection'));
process.on('message', (invocation: Invocation) => void answer(invocation));
// The service has ended.
process.on('disconnect', () => process.exit());
// On Windows Ctrl-C reaches this process too, and the service decides when it ends.
process.on('SIGINT', () => {});
