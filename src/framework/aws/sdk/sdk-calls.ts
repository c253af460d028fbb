import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Calls } from '../activity-port.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallFailure,
  type CallInProgress,
  mayBeSkewed,
  readResponse,
  whyNotSent,
} from '../call.js';
import { sdkFailure } from '../failure.js';
import { commandOf, loadSdk } from './load-sdk.js';

/**
 * The SDK makes one attempt at a call, and the worker repeats it. If the SDK did, a poll whose task was lost on the way
 * would go unnoticed, and a report whose first attempt was accepted would look like one for a task that timed out.
 */
const ONE_ATTEMPT = 1;

/**
 * Makes the worker's four calls with the SDK's `send`, which follows all settings. The number of connections isn't
 * limited: the worker limits its calls, and may be told to make more of them while it runs.
 * @param watching true if Stepwright can see the client's connections
 */
export async function sdkCalls(
  open: (maxAttempts: number, calls: CallWatch) => Promise<SFNClient>,
  watching: boolean,
): Promise<Calls> {
  const sdk = await loadSdk();
  const calls = new CallWatch(watching);
  const client = await open(ONE_ATTEMPT, calls);
  // The input is copied, because the attempts of a report share one, and the watch tells calls apart by their inputs.
  return {
    begin: ({ operation, input }, call, onEnd) =>
      void attempt(call, (under) =>
        client.send(calls.bind(commandOf(sdk, operation, { ...input }), under)),
      ).then(onEnd),
  };
}

/** Makes one call. Never rejects. */
async function attempt(
  { signal, onSent, isWanted }: CallInProgress,
  send: (call: WatchedCall) => Promise<object>,
): Promise<CallEnd> {
  const seen: Seen = { sent: false };
  // A socket keeps its last request, and with it the call: the question must not keep the task.
  let question = isWanted;
  const call: WatchedCall = {
    signal,
    isWanted: () => question?.() ?? true,
    onSent: () => {
      seen.sent = true;
      onSent?.();
    },
    onAnswer: (end) => (seen.answered = end),
  };
  try {
    const output = await unlessAborted(signal, send(call));
    // The SDK takes any 2xx for a success. A mocked client has no response to check.
    return refusal(seen) ?? { output };
  } catch (thrown) {
    const { failure } = refusal(seen) ?? { failure: sdkFailure(thrown, seen.sent) };
    return { failure: { ...failure, clockCorrected: correctedClock(thrown) } };
  } finally {
    question = undefined;
  }
}

/** The events of a call in progress so far: if it was sent, and the result in its response. */
interface Seen {
  sent: boolean;
  answered?: CallEnd;
}

const refusal = ({ answered }: Seen): { readonly failure: CallFailure } | undefined =>
  answered && 'failure' in answered ? answered : undefined;

/**
 * Returns true if the service refused a call because of its time of signing, and the SDK has then corrected its clock,
 * so that a second call may succeed. If the SDK has not corrected it, the error must be due to a wrong key.
 */
function correctedClock(thrown: unknown): boolean {
  const { name, $metadata } = thrown as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
  return mayBeSkewed(name) && $metadata?.clockSkewCorrected === true;
}

type RequestHandler = SFNClient['config']['requestHandler'];
type Response = Awaited<ReturnType<RequestHandler['handle']>>['response'];
type Collector = SFNClient['config']['streamCollector'];
/**
 * The type of the method `addRequest` of Node's HTTP agents. It isn't in Node's typings, but packages with agents for
 * proxies rely on it too.
 */
type AddRequest = (
  request: ClientRequest,
  options: { readonly headers?: object },
  ...rest: unknown[]
) => void;

/** A call whose connection and response are watched. */
interface WatchedCall extends CallInProgress {
  readonly onSent: () => void;
  /** Called with the result of the call as Stepwright reads it from the response, before the SDK reads the response. */
  readonly onAnswer: (end: CallEnd) => void;
}

/**
 * Watches a client's calls: ends each of them when its signal aborts, and reports when the request is on its connection
 * and what the response is. The signal isn't passed as the SDK's option `abortSignal`, because with any option the SDK
 * builds its middleware again for each call instead of caching it (`cacheMiddleware`). That would be a sixth of a
 * call's cost.
 */
export class CallWatch {
  readonly #ofInputs = new WeakMap<object, WatchedCall>();
  readonly #ofRequests = new WeakMap<object, WatchedCall>();
  readonly #ofHeaders = new WeakMap<object, WatchedCall>();

  constructor(
    /**
     * True if connections can be watched. False if the user has set an own HTTP agent or request handler, since
     * Stepwright can't see its connections.
     */
    private readonly watching: boolean,
  ) {}

  /** Watches a client. To be called once for each client, before its first call. */
  attach(client: SFNClient): void {
    // Added to the innermost step, since its request is the same object that the handler gets.
    client.middlewareStack.add(
      (next) => (args) => {
        const call = this.#ofInputs.get(args.input);
        if (call) this.#ofRequests.set(args.request as object, call);
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'stepwrightCalls' },
    );
    const { requestHandler, streamCollector } = client.config;
    client.config.requestHandler = this.#wrap(requestHandler, streamCollector);
  }

  /** Makes an HTTP agent report when a watched request is on its connection. @returns the same agent */
  watch<A extends HttpAgent>(agent: A, ready: 'connect' | 'secureConnect'): A {
    const addRequest = Reflect.get(agent, 'addRequest') as AddRequest;
    const watched: AddRequest = (request, options, ...rest) => {
      const call = options.headers && this.#ofHeaders.get(options.headers);
      if (call) request.once('socket', (socket: Socket) => whenReady(socket, ready, call.onSent));
      addRequest.call(agent, request, options, ...rest);
    };
    Reflect.set(agent, 'addRequest', watched);
    return agent;
  }

  /**
   * Connects an SDK command, which is about to be sent, with the call that it is sent for. From then on the call's
   * signal ends the command, and the call's functions are called. @returns the same command
   */
  bind<C extends { readonly input: object }>(command: C, call: WatchedCall): C {
    this.#ofInputs.set(command.input, call);
    return command;
  }

  /**
   * Wraps a client's request handler, so that the calls that were passed to {@link bind} are watched. The wrapper only
   * has the members that a client uses after its construction.
   */
  #wrap(handler: RequestHandler, collect: Collector): RequestHandler {
    const wrapped: Pick<RequestHandler, 'metadata' | 'handle' | 'destroy'> = {
      metadata: handler.metadata,
      handle: async (request, options) => {
        const call = this.#ofRequests.get(request as object);
        const why = call && whyNotSent(call);
        if (why) throw why;
        if (call && this.watching) this.#ofHeaders.set(request.headers, call);
        else call?.onSent();
        try {
          const answered = await handler.handle(request, {
            ...options,
            abortSignal: call?.signal as AbortSignal | undefined,
          });
          if (call) call.onAnswer(await readWhole(answered.response, collect));
          return answered;
        } catch (thrown) {
          throw ofOurRealm(thrown);
        }
      },
      destroy: () => handler.destroy?.(),
    };
    return wrapped as RequestHandler;
  }
}

/** Reads a whole response into memory, and puts the bytes back for the SDK to read. */
async function readWhole(response: Response, collect: Collector): Promise<CallEnd> {
  const { statusCode: status, headers, body = new Uint8Array() } = response;
  response.body = body instanceof Uint8Array ? body : await collect(body);
  return readResponse({ status, headers, text: Buffer.from(response.body).toString() });
}

/**
 * Copies an error that was made in another realm (a `vm` context) into this one. Under Jest, network errors come from
 * another realm than the SDK's. The SDK replaces such errors with one that lacks the error code, so that an untrusted
 * certificate would look like a server that is down.
 */
function ofOurRealm(thrown: unknown): unknown {
  if (thrown instanceof Error || !isNativeError(thrown)) return thrown;
  const { name, message } = thrown;
  return Object.assign(new Error(message, { cause: thrown }), thrown, { name });
}

/**
 * Calls `onSent` once the socket is ready: a reused connection is ready at once, a new one when it is established, and
 * a new one over TLS when the server's certificate was accepted.
 */
function whenReady(socket: Socket, ready: 'connect' | 'secureConnect', onSent: () => void): void {
  const pending =
    socket.connecting || (ready === 'secureConnect' && Reflect.get(socket, 'secureConnecting') === true);
  if (pending) socket.once(ready, onSent);
  else onSent();
}
