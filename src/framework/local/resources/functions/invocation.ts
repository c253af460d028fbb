import { statSync } from 'node:fs';

/** Returns the file of a module; undefined if there is none. @param module its path, perhaps without the extension */
export const fileOf = (module: string): string | undefined =>
  ['', '.js', '.mjs', '.cjs']
    .map((extension) => module + extension)
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);

/** The request to run a function once, as it is sent to a function's process. */
export interface Invocation {
  readonly requestId: string;
  /** The event, as JSON. */
  readonly payload: string;
  readonly functionArn: string;
}

/** How a function has ended: the JSON that it has returned, or that describes its error. */
export interface InvocationResult {
  readonly payload: string;
  /** True if the function has failed. */
  readonly isError: boolean;
  /** True if its process ends: the module can't be loaded, or an error was caught by nothing. */
  readonly isLast?: true;
}

/** The properties of a function that its process has to know. */
export interface FunctionSetup {
  readonly name: string;
  /** The path of the module, without its extension if the handler is configured so. */
  readonly module: string;
  /** The name of the exported handler. It may have dots, for a property of an export. */
  readonly handler: string;
  readonly memoryMb: number;
  /** The milliseconds that an invocation may take. */
  readonly timeoutMs: number;
}

/**
 * Returns the error of a function as Lambda's runtime for Node.js reports it.
 * @param errorType undefined if Lambda gives none. The texts of such errors are what users report of the live service
 */
export const failed = (
  errorType: string | undefined,
  errorMessage: string,
  trace?: readonly string[],
): InvocationResult => ({
  payload: JSON.stringify({ errorType, errorMessage, trace }),
  isError: true,
});

/** The most bytes of a function's result. AWS page "Lambda quotas". */
const PAYLOAD_LIMIT = 6_291_556;

/** Returns the result of a function, or an error if it is larger than Lambda allows. */
export function succeeded(payload: string): InvocationResult {
  if (Buffer.byteLength(payload) <= PAYLOAD_LIMIT) return { payload, isError: false };
  return failed(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${PAYLOAD_LIMIT} bytes).`,
  );
}
