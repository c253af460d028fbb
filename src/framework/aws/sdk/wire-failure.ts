import { isNativeError } from 'node:util/types';
import { explainTrust, isUntrusted, neverSent, strangeAnswer, type WireFailure } from '../wire.js';

/** The SDK could not even make the request: credentials, a region or an endpoint are missing or contradict each other. */
const SETUP = new Set(['CredentialsProviderError', 'TokenProviderError', 'EndpointError']);

/** What the SDK calls an error of an answer that names none. */
const NAMELESS = 'Unknown';

/** What the SDK attaches to an error of an answer. */
interface SdkError {
  readonly code?: unknown;
  /** Set only for an answer that the SDK could read as an error of the service. */
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * What a thrown value of the SDK says about the wire where no answer was read from that, without trusting its class:
 * errors may come from another realm.
 * @param sent whether the request was seen on a connection.
 */
export function wireFailure(thrown: unknown, sent: boolean): WireFailure {
  const error = isNativeError(thrown) ? thrown : new Error(String(thrown));
  const { code, $fault, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && code === undefined) return answered(error, status, $fault !== undefined);
  const setup = SETUP.has(error.name) || error.message === 'Region is missing' || isUntrusted(code);
  return {
    error: explainTrust(error, code),
    type: undefined,
    status,
    sent: sent && !setup && !neverSent(code) && !connectionTimedOut(error),
    setup,
  };
}

function answered(error: Error, status: number, readable: boolean): WireFailure {
  if (readable && error.name !== NAMELESS)
    return { error, type: error.name, status, sent: true, setup: false };
  return { error: strangeAnswer(status, bodyOf(error)), type: undefined, status, sent: true, setup: false };
}

/** The text that was no JSON, as far as the parser quotes it. */
function bodyOf({ message, name }: Error): string {
  if (name === NAMELESS) return '';
  return (
    /Unexpected token .*?, "(.*?)"(?:\.\.\.)? is not valid JSON/s.exec(message)?.[1] ??
    message.split('\n')[0] ??
    ''
  );
}

/** The SDK's own name for a connection that could not be made in time. */
const connectionTimedOut = ({ name, message }: Error): boolean =>
  name === 'TimeoutError' && /connect(ion)? timeout|did not establish a connection/i.test(message);
