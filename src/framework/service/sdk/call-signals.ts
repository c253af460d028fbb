import type { SFNClient } from '@aws-sdk/client-sfn';

type RequestHandler = SFNClient['config']['requestHandler'];

/**
 * Lets signals end the calls of a client without the SDK's own option `abortSignal`: any option makes the SDK build
 * its middleware anew for each call instead of keeping it (`cacheMiddleware`), which is a sixth of what a call costs.
 */
export class CallSignals {
  readonly #ofInputs = new WeakMap<object, AbortSignal>();
  readonly #ofRequests = new WeakMap<object, AbortSignal>();

  /** To be called once for each client, before its first call. */
  attach(client: SFNClient): void {
    // The innermost step: what it is given is the very request that the handler gets.
    client.middlewareStack.add(
      (next) => (args) => {
        const signal = this.#ofInputs.get(args.input);
        if (signal) this.#ofRequests.set(args.request as object, signal);
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'stepwrightCallSignals' },
    );
    client.config.requestHandler = this.#wrap(client.config.requestHandler);
  }

  /** Makes the call of this command end when the signal aborts. */
  bind<C extends { readonly input: object }>(command: C, signal: AbortSignal): C {
    this.#ofInputs.set(command.input, signal);
    return command;
  }

  /** All that a client asks of its handler once it is made. */
  #wrap(handler: RequestHandler): RequestHandler {
    const wrapped: Pick<RequestHandler, 'metadata' | 'handle' | 'destroy'> = {
      metadata: handler.metadata,
      handle: (request, options) =>
        handler.handle(request, { ...options, abortSignal: this.#ofRequests.get(request as object) }),
      destroy: () => handler.destroy?.(),
    };
    return wrapped as RequestHandler;
  }
}
