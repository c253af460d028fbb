import { constants } from 'node:os';
import { isUnknownAuthority, OWN_AUTHORITY, UNTRUSTED } from './failure.js';

/** The call that failed: where it was sent, and what it was about. */
interface FailedCall {
  readonly region: string;
  /** The activity that was polled. @default the call is about no single activity */
  readonly activityArn?: string;
}

/** An error of Step Functions, of the SDK or of the network, by its name or code. */
interface KnownError {
  readonly is: RegExp;
  /** The error's meaning in plain words. @default its name says it */
  readonly meaning?: string;
  /** The remedy, a phrase in the imperative. @default waiting is all that helps */
  readonly advice?: (call: FailedCall, name: string) => string;
}

const LOG_IN =
  'log in, or set AWS_PROFILE (to a profile that `aws configure list-profiles` lists) or AWS_ACCESS_KEY_ID, or give the container or the instance a role (`aws configure list` shows where credentials come from)';
const VPC = 'A VPC endpoint without private DNS needs its URL in `endpoint`';
const REFUSED = 'the credentials are refused';

/** The first that matches counts. */
const KNOWN: readonly KnownError[] = [
  {
    is: /^ActivityDoesNotExist$/,
    meaning: 'the activity does not exist',
    advice: ({ activityArn = '', region }) =>
      `correct the ARN (its region, its account, its name), or create the activity: aws stepfunctions create-activity --name ${activityArn.split(':').at(-1)} --region ${region}`,
  },
  {
    is: /^(AccessDenied|Unauthorized|NotAuthorized)/,
    meaning: 'access is denied',
    advice: ({ activityArn = '*' }) =>
      `allow it in the policy of the worker's role: { "Effect": "Allow", "Action": "states:GetActivityTask", "Resource": "${activityArn}" }`,
  },
  {
    is: /^ExpiredToken/,
    meaning: REFUSED,
    advice: () => `the session has ended: ${LOG_IN}; or set this machine's clock, if it is ahead`,
  },
  {
    is: /^Request(Expired|InTheFuture|TimeTooSkewed)/,
    meaning: "this machine's clock is wrong",
    advice: () => `set this machine's clock, or ${LOG_IN}`,
  },
  {
    is: /^Expired/,
    meaning: REFUSED,
    advice: () => `set this machine's clock, or ${LOG_IN}`,
  },
  {
    is: /^(InvalidSignature|SignatureDoesNotMatch)/,
    meaning: REFUSED,
    advice: () =>
      'the secret does not belong to this access key: correct AWS_SECRET_ACCESS_KEY, or the aws_secret_access_key of the profile (`aws configure list` shows where credentials come from)',
  },
  {
    is: /^(UnrecognizedClient|InvalidClientTokenId|IncompleteSignature|MissingAuthent)/,
    meaning: REFUSED,
    advice: () => `replace the access key: ${LOG_IN}`,
  },
  { is: /^(Credentials|Token)ProviderError$/, meaning: 'no credentials are found', advice: () => LOG_IN },
  {
    is: /^Kms/,
    meaning: 'the key is not to be used',
    advice: () => "allow kms:Decrypt and kms:GenerateDataKey for the activity's key to the worker's role",
  },
  {
    is: /Throttl|^TooManyRequests|^RequestLimitExceeded|^SlowDown/,
    advice: () => 'try again in a minute',
  },
  { is: /^(InvalidArn|ValidationException)$/, advice: () => 'correct the ARN' },
  {
    is: /^StrangeAnswer$/,
    meaning: 'something else than the service answers',
    advice: () =>
      'find out what responds there (a proxy, a portal, another program), and correct `endpoint` or let the calls through',
  },
  {
    is: /^ECONNREFUSED$/,
    meaning: 'nothing listens there',
    advice: () => 'start the service that should listen there, or correct `endpoint`',
  },
  {
    is: /^ENOTFOUND$/,
    meaning: 'the name of the endpoint is not found',
    advice: ({ region }) =>
      `look for a spelling mistake in the region ('${region}') and in \`endpoint\`. If both are right, check the DNS. ${VPC}`,
  },
  {
    is: /^EAI_AGAIN$/,
    meaning: 'no DNS server answers',
    advice: () => `check this machine's network and its DNS. ${VPC}`,
  },
  {
    is: /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/,
    meaning: 'no connection is made',
    advice: () => 'check the network, the routes and the firewall between here and the service',
  },
  { is: /^(UND_ERR_CONNECT_TIMEOUT|ECONNTIMEOUT)$/, meaning: 'no connection is made' },
  { is: /^(ECONNRESET|EPIPE)$/, meaning: 'connections are cut' },
  { is: /^(EMFILE|ENFILE)$/, meaning: 'no file is left to connect with' },
  { is: /^TlsError$/, meaning: 'the certificate is not trusted', advice: () => OWN_AUTHORITY },
  {
    is: UNTRUSTED,
    meaning: 'the certificate is not trusted',
    advice: (_, code) => trustAdvice(code),
  },
  { is: /^(TimeoutError|AbortError)$/, meaning: 'nothing is answered' },
];

/**
 * Returns what a person can do about a call that failed: a phrase in the imperative. Returns undefined if there is
 * nothing to do but wait, since connections break and services restart.
 */
export function adviceOn(error: NodeJS.ErrnoException, call: FailedCall): string | undefined {
  const name = nameOf(error);
  return name && knownAs(name)?.advice?.(call, name);
}

/**
 * Returns what an error means in plain words, with its name. The health port shows these words instead of the service's
 * own messages, because those contain the names of roles, accounts and policies. The log contains the messages.
 */
export function plainReason(error: Error): string {
  const name = nameOf(error);
  if (name === undefined) return 'the log says why';
  const meaning = knownAs(name)?.meaning;
  return meaning === undefined ? name : `${meaning} (${name})`;
}

const knownAs = (name: string): KnownError | undefined => KNOWN.find(({ is }) => is.test(name));

/** Matches the name of an error. Doesn't match a message, which must not be shown. */
const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/;
/**
 * Finds the code of a system error, such as ECONNREFUSED, in an error's message. Some libraries put it there and drop
 * the property `code`.
 */
const SYSTEM_CODE = /\b(ENOTFOUND|EAI_AGAIN|E[A-Z]{3,14})\b/;

function nameOf({ code, name, message }: NodeJS.ErrnoException): string | undefined {
  if (code !== undefined && NAME.test(code)) return code;
  if (name !== 'Error') return NAME.test(name) ? name : undefined;
  const [, inMessage] = SYSTEM_CODE.exec(message) ?? [];
  return inMessage !== undefined && (inMessage in constants.errno || /^E(NOTFOUND|AI_)/.test(inMessage))
    ? inMessage
    : undefined;
}

function trustAdvice(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return "the certificate is another host's: correct the host name in `endpoint`, or the DNS or proxy that leads to that host";
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return "check this machine's clock. If it is right, the certificate has to be renewed there";
  if (isUnknownAuthority(code)) return OWN_AUTHORITY;
  return 'check that the port in `endpoint` is one for https; otherwise write http://';
}
