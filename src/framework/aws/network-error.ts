/**
 * The error codes that mean that no connection was made, so that nothing was sent. In some cases this process had no
 * file descriptor left for a connection.
 */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ECONNTIMEOUT',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
]);
/**
 * The error codes of Node's TLS and of OpenSSL that mean that the server isn't trusted, so that nothing was sent to it.
 */
const UNTRUSTED = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;
/**
 * The error codes for a certificate that was issued by an authority that this machine doesn't know, such as a company's
 * own authority.
 */
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

/** Returns true if a system error's code means that nothing was sent. */
export function neverSent(code: unknown): boolean {
  return isUntrusted(code) || (typeof code === 'string' && NEVER_SENT.has(code));
}

/** Returns true for the code of a certificate whose authority isn't known to this machine. */
export const isUnknownAuthority = (code: unknown): code is string =>
  typeof code === 'string' && UNKNOWN_AUTHORITY.test(code);

export const isUntrusted = (code: unknown): boolean => typeof code === 'string' && UNTRUSTED.test(code);

/**
 * If an error says that a certificate's authority is unknown, returns the error with advice added to its message.
 * Returns any other error unchanged.
 */
export function explainTrust(error: Error, code: unknown): Error {
  if (!isUnknownAuthority(code)) return error;
  const hint =
    'if the certificate is from an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
  return Object.assign(new Error(`${error.message} (${code}); ${hint}`, { cause: error }), {
    name: 'TlsError',
  });
}
