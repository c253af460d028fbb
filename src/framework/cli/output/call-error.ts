import { adviceOn } from '../../aws/advice.js';
import { type Endpoint, showEndpoint } from '../../aws/endpoint.js';
import { NoStepFunctions } from '../../aws/queries/machine-queries.js';
import { QUERY_LIMIT_MS, QueryTimeout } from '../../aws/queries/query.js';
import { command } from './banner.js';

/**
 * Returns an error that says which endpoint a failed call was sent to, and what to do about the failure. An error that
 * isn't a failed call is returned as it is.
 */
export function explainCallError(error: unknown, endpoint: Endpoint): unknown {
  const said = explanation(error, endpoint);
  return said === undefined ? error : new Error(said, { cause: error });
}

/** Returns true for the error of a call to an address at which nothing listens. */
export const isRefused = (error: unknown): boolean => codeOf(error) === 'ECONNREFUSED';

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code');
const nameOf = (error: unknown): unknown => Reflect.get(Object(error), 'name');

function explanation(error: unknown, endpoint: Endpoint): string | undefined {
  const where = showEndpoint(endpoint);
  if (nameOf(error) === 'CredentialsProviderError')
    return `no AWS credentials were found (${(error as Error).message}): log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID; \`--endpoint local\` needs none`;
  if (isForeign(error) && isPassing(statusOf(error)))
    return `${where} can not answer just now (${foreignWords(error)})`;
  if (error instanceof NoStepFunctions || isForeign(error))
    return `something responds at ${where}, but it is not Step Functions (${foreignWords(error)}): check the address. The local service listens on port 8083 by default`;
  if (error instanceof QueryTimeout)
    return `there was no response from ${where} within ${QUERY_LIMIT_MS / 1000} s: check the address, and that a proxy or a firewall lets calls through`;
  if (error instanceof Error && OF_CREDENTIALS.test(error.name))
    return `${where} refuses the call (${error.name}: ${error.message}): ${adviceOn(error, { region: '' })}`;
  if (!isRefused(error)) return isOfNetwork(error) ? `no answer from ${where}: ${error.message}` : undefined;
  const hint =
    endpoint.kind === 'local'
      ? `start it with \`${command('start')}\`; if it listens on another port, pass --port N`
      : `start what should listen there (\`${command('local')}\` is a local service), or correct the endpoint`;
  return `nothing listens at ${where}: ${hint}`;
}

/** The names of errors that say the same whatever is called: of credentials that AWS refuses, and of too many calls. */
const OF_CREDENTIALS = /^(?:Expired|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|Throttl)/;

/** Returns true for the error of a call that the SDK sent and that got no response. */
const isOfNetwork = (error: unknown): error is Error =>
  error instanceof Error && '$metadata' in error && statusOf(error) === undefined;

function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly statusCode?: number };
  };
  return $response?.statusCode ?? $metadata?.httpStatusCode;
}

/**
 * Returns true for the error of a response that the SDK could not read, or that doesn't name an error of Step
 * Functions. Such a response must have come from something other than Step Functions.
 */
function isForeign(error: unknown): boolean {
  if (!(error instanceof Error) || !('$response' in error || '$metadata' in error)) return false;
  return error.name === 'SyntaxError' || error.name === 'UnknownError' || /^\d+$/.test(error.name);
}

/** True for the status of a server, or of a proxy before it, that may answer later. 501: it never takes a POST. */
const isPassing = (status = 0): boolean => status >= 500 && status !== 501;

function foreignWords(error: unknown): string {
  const status = statusOf(error);
  const [first = ''] = (error as Error).message.split('\n');
  return status === undefined ? first : `HTTP ${status}: ${first}`;
}
