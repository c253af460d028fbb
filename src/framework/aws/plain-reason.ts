import { constants } from 'node:os';

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
