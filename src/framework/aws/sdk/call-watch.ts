import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { CallEnd, CallInProgress } from '../call.js';
import { readResponse } from '../response.js';

type RequestHandler = SFNClient['config']['requestHandler'];
type Response = Awaited<ReturnType<RequestHandler['handle']>>['response'];
type Collector = SFNClient['config']['streamCollector'];
/** Node's method that gives a request to an agent. It is not in the typings, but proxying agents build on it too. */
type AddRequest = (
  request: ClientRequest,
  options: { readonly headers?: object },
  ...rest: unknown[]
) => void;

/** A call and its listeners. */
export interface WatchedCall extends CallInProgress {
  /** Called with what the whole answer says, before the SDK reads it. */
  readonly onAnswer: (end: CallEnd) => void;
}

/**
 * Watches the calls of a client: ends them by their signals, and reports when a request is on its connection and what the
 * answer says. It does so without the SDK's option `abortSignal`: with any option the SDK builds its middleware for each
 * call instead of keeping it (`cacheMiddleware`), which is a sixth of what a call costs.
 */
export class CallWatch {
  readonly #ofInputs = new WeakMap<object, WatchedCall>();
  readonly #ofRequests = new WeakMap<object, WatchedCall>();
  readonly #ofHeaders = new WeakMap<object, CallInProgress>();
  /** True where the connections can be watched; a user's agent or handler hides them. */
  readonly #watching: boolean;

  constructor({ watching }: { readonly watching: boolean }) {
    this.#watching = watching;
  }

  /** Watches a client. Called once for each client, before its first call. */
  attach(client: SFNClient): void {
    // The innermost step, since it gets the very request that the handler gets.
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

  /** Makes an agent report when the request of a bound call has its connection. */
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

  /** Binds a command's next call to its signal. */
  bind<C extends { readonly input: object }>(command: C, call: WatchedCall): C {
    this.#ofInputs.set(command.input, call);
    return command;
  }

  /** Wraps the members of a handler that a client uses once it is made. */
  #wrap(handler: RequestHandler, collect: Collector): RequestHandler {
    const wrapped: Pick<RequestHandler, 'metadata' | 'handle' | 'destroy'> = {
      metadata: handler.metadata,
      handle: async (request, options) => {
        const call = this.#ofRequests.get(request as object);
        if (call && this.#watching) this.#ofHeaders.set(request.headers, call);
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

/** Reads a whole response, and leaves its body for the SDK to read again. */
async function readWhole(response: Response, collect: Collector): Promise<CallEnd> {
  const { statusCode: status, headers, body = new Uint8Array() } = response;
  response.body = body instanceof Uint8Array ? body : await collect(body);
  return readResponse({ status, headers, text: Buffer.from(response.body).toString() });
}

/**
 * Makes a copy of an error in this realm. Under Jest the network's errors are of another realm than the SDK, which
 * replaces them by an error without their code: an untrusted certificate would look like a server that is down.
 */
function ofOurRealm(thrown: unknown): unknown {
  if (thrown instanceof Error || !isNativeError(thrown)) return thrown;
  const { name, message } = thrown;
  return Object.assign(new Error(message, { cause: thrown }), thrown, { name });
}

/** Calls `onSent` at once on a kept connection, and on a new one when it is made, over TLS when it is trusted. */
function whenReady(socket: Socket, ready: 'connect' | 'secureConnect', onSent: () => void): void {
  const pending =
    socket.connecting || (ready === 'secureConnect' && Reflect.get(socket, 'secureConnecting') === true);
  if (pending) socket.once(ready, onSent);
  else onSent();
}
