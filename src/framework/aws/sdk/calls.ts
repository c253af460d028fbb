import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { readAnswer } from '../answer-text.js';
import type { CallEnd, CallInProgress } from '../wire.js';

type RequestHandler = SFNClient['config']['requestHandler'];
type Response = Awaited<ReturnType<RequestHandler['handle']>>['response'];
type Collector = SFNClient['config']['streamCollector'];
/** Node's own name for handing a request to an agent; not in its typings, but what proxying agents build on too. */
type AddRequest = (
  request: ClientRequest,
  options: { readonly headers?: object },
  ...rest: unknown[]
) => void;

/** A call, and who is told what came of it. */
export interface WatchedCall extends CallInProgress {
  /** Told what the whole answer says, before the SDK reads it. */
  readonly onAnswer: (end: CallEnd) => void;
}

/**
 * Lets signals end the calls of a client, and tells when a request is on its connection and what was answered. Without the SDK's own option
 * `abortSignal`: any option makes the SDK build its middleware anew for each call instead of keeping it
 * (`cacheMiddleware`), which is a sixth of what a call costs.
 */
export class Calls {
  readonly #ofInputs = new WeakMap<object, WatchedCall>();
  readonly #ofRequests = new WeakMap<object, WatchedCall>();
  readonly #ofHeaders = new WeakMap<object, CallInProgress>();
  /** Whether the connections are ours to watch; a user's own agent or handler keeps them to itself. */
  readonly #watching: boolean;

  constructor({ watching }: { readonly watching: boolean }) {
    this.#watching = watching;
  }

  /** To be called once for each client, before its first call. */
  attach(client: SFNClient): void {
    // The innermost step: what it is given is the very request that the handler gets.
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

  /** Makes an agent tell when a request of a bound call has its connection. */
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

  /** Ties a command's next call to its signal. */
  bind<C extends { readonly input: object }>(command: C, call: WatchedCall): C {
    this.#ofInputs.set(command.input, call);
    return command;
  }

  /** All that a client asks of its handler once it is made. */
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
          if (call) call.onAnswer(await readResponse(answered.response, collect));
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

/** Leaves the body for the SDK to read it once more. */
async function readResponse(response: Response, collect: Collector): Promise<CallEnd> {
  const { statusCode: status, headers, body = new Uint8Array() } = response;
  response.body = body instanceof Uint8Array ? body : await collect(body);
  return readAnswer({ status, headers, text: Buffer.from(response.body).toString() });
}

/**
 * Under Jest the network's errors are of another realm than the SDK. It takes these for no errors, and puts one of its
 * own in their place, without their code: a certificate that is not trusted would look like a server that is down.
 */
function ofOurRealm(thrown: unknown): unknown {
  if (thrown instanceof Error || !isNativeError(thrown)) return thrown;
  const { name, message } = thrown;
  return Object.assign(new Error(message, { cause: thrown }), thrown, { name });
}

/** A connection that was kept alive is ready; a new one is when it was made, and over TLS when it is trusted. */
function whenReady(socket: Socket, ready: 'connect' | 'secureConnect', onSent: () => void): void {
  const pending =
    socket.connecting || (ready === 'secureConnect' && Reflect.get(socket, 'secureConnecting') === true);
  if (pending) socket.once(ready, onSent);
  else onSent();
}
