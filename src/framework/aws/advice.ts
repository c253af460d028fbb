import { constants } from 'node:os';
import { isUnknownAuthority, isUntrusted } from './failure.js';

/** The call that failed: where it was sent, and what it was about. */
interface FailedCall {
  readonly region: string;
  /** The activity that was polled. @default the call is about no single activity */
  readonly activityArn?: string;
}

type Advice = (call: FailedCall) => string;

const LOG_IN =
  'log in, or set AWS_PROFILE (to a profile that `aws configure list-profiles` lists) or AWS_ACCESS_KEY_ID, or give the container or the instance a role (`aws configure list` shows where credentials come from)';

const VPC = 'A VPC endpoint without private DNS needs its URL in `endpoint`';
/** The codes of system errors that mean that no way leads to the service. */
const NO_ROUTE: ReadonlySet<string | undefined> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
]);

/** The advice to a person about an error of Step Functions or of the SDK, by the error's name. */
const BY_NAME: readonly (readonly [RegExp, Advice])[] = [
  [
    /^ActivityDoesNotExist$/,
    ({ activityArn = '', region }) =>
      `correct the ARN (its region, its account, its name), or create the activity: aws stepfunctions create-activity --name ${activityArn.split(':').at(-1)} --region ${region}`,
  ],
  [
    /^(AccessDenied|Unauthorized|NotAuthorized)/,
    ({ activityArn = '*' }) =>
      `allow it in the policy of the worker's role: { "Effect": "Allow", "Action": "states:GetActivityTask", "Resource": "${activityArn}" }`,
  ],
  [/^ExpiredToken/, () => `the session has ended: ${LOG_IN}; or set this machine's clock, if it is ahead`],
  [/^(Expired|Request(Expired|InTheFuture|TimeTooSkewed))/, () => `set this machine's clock, or ${LOG_IN}`],
  [
    /^(InvalidSignature|SignatureDoesNotMatch)/,
    () =>
      'the secret does not belong to this access key: correct AWS_SECRET_ACCESS_KEY, or the aws_secret_access_key of the profile (`aws configure list` shows where credentials come from)',
  ],
  [
    /^(UnrecognizedClient|InvalidClientTokenId|IncompleteSignature|MissingAuthent)/,
    () => `replace the access key: ${LOG_IN}`,
  ],
  [/^(Credentials|Token)ProviderError$/, () => LOG_IN],
  [/^Kms/, () => "allow kms:Decrypt and kms:GenerateDataKey for the activity's key to the worker's role"],
  [/Throttl|^TooManyRequests|^RequestLimitExceeded|^SlowDown/, () => 'try again in a minute'],
  [/^(InvalidArn|ValidationException)$/, () => 'correct the ARN'],
  [
    /^StrangeAnswer$/,
    () =>
      'find out what responds there (a proxy, a portal, another program), and correct `endpoint` or let the calls through',
  ],
];

/**
 * Returns what a person can do about a call that failed: a phrase in the imperative. Returns undefined if there is
 * nothing to do but wait, since connections break and services restart.
 */
export function adviceOn(error: NodeJS.ErrnoException, call: FailedCall): string | undefined {
  const { code, name } = error;
  if (name === 'TlsError' || isUntrusted(code)) return trustAdvice(code);
  if (code === 'EAI_AGAIN') return `check this machine's network and its DNS. ${VPC}`;
  if (NO_ROUTE.has(code))
    return 'check the network, the routes and the firewall between here and the service';
  if (code === 'ENOTFOUND')
    return `look for a spelling mistake in the region ('${call.region}') and in \`endpoint\`. If both are right, check the DNS. ${VPC}`;
  if (code === 'ECONNREFUSED') return 'start the service that should listen there, or correct `endpoint`';
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1](call);
}

function trustAdvice(code: string | undefined): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return "the certificate is another host's: correct the host name in `endpoint`, or the DNS or proxy that leads to that host";
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return "check this machine's clock. If it is right, the certificate has to be renewed there";
  if (code === undefined || isUnknownAuthority(code))
    return 'if the certificate is from an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
  return 'check that the port in `endpoint` is one for https; otherwise write http://';
}

/**
 * What an error means in plain words, by its name. The health port shows these words instead of the service's own
 * messages, because those contain the names of roles, accounts and policies. The log contains the messages.
 */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^ActivityDoesNotExist$/, 'the activity does not exist'],
  [/^(AccessDenied|Unauthorized|NotAuthorized)/, 'access is denied'],
  [
    /^(Expired|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|IncompleteSignature|MissingAuthent)/,
    'the credentials are refused',
  ],
  [/^(Credentials|Token)ProviderError$/, 'no credentials are found'],
  [/^Kms/, 'the key is not to be used'],
  [/^ECONNREFUSED$/, 'nothing listens there'],
  [/^ENOTFOUND$/, 'the name of the endpoint is not found'],
  [/^EAI_AGAIN$/, 'no DNS server answers'],
  [
    /^(UND_ERR_CONNECT_TIMEOUT|ECONNTIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/,
    'no connection is made',
  ],
  [/^(ECONNRESET|EPIPE)$/, 'connections are cut'],
  [/^(EMFILE|ENFILE)$/, 'no file is left to connect with'],
  [
    /^(TlsError|CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/,
    'the certificate is not trusted',
  ],
  [/^StrangeAnswer$/, 'something else than the service answers'],
  [/^(TimeoutError|AbortError)$/, 'nothing is answered'],
];
/** Matches the name of an error. Doesn't match a message, which must not be shown. */
const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/;

/**
 * Finds the code of a system error, such as ECONNREFUSED, in an error's message. Some libraries put it there and drop
 * the property `code`.
 */
const SYSTEM_CODE = /\b(ENOTFOUND|EAI_AGAIN|E[A-Z]{3,14})\b/;

/**
 * Returns what an error means in plain words, with its name, for those who can read the health port. The error's
 * message isn't included.
 */
export function plainReason(error: Error): string {
  const name = nameOf(error);
  if (name === undefined) return 'the log says why';
  const meaning = MEANINGS.find(([pattern]) => pattern.test(name))?.[1];
  return meaning === undefined ? name : `${meaning} (${name})`;
}

function nameOf({ code, name, message }: NodeJS.ErrnoException): string | undefined {
  if (code !== undefined && NAME.test(code)) return code;
  if (name !== 'Error') return NAME.test(name) ? name : undefined;
  const [, inMessage] = SYSTEM_CODE.exec(message) ?? [];
  return inMessage !== undefined && (inMessage in constants.errno || /^E(NOTFOUND|AI_)/.test(inMessage))
    ? inMessage
    : undefined;
}
