/** Error codes that mean that no connection could be made, or that no file descriptor was left for one. */
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
/** Error codes of Node's TLS and of OpenSSL that mean that the server isn't trusted, so nothing was sent to it. */
const UNTRUSTED = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;
/** Error codes for a certificate whose authority this machine doesn't know, such as a company's own authority. */
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

/** Returns true if a system error's code means that nothing was sent. */
export function neverSent(code: unknown): boolean {
  return isUntrusted(code) || (typeof code === 'string' && NEVER_SENT.has(code));
}

export const isUntrusted = (code: unknown): boolean => typeof code === 'string' && UNTRUSTED.test(code);

/**
 * If a certificate's authority is unknown, returns the TLS error with advice added to its message. Returns any other
 * error as it is.
 */
export function explainTrust(error: Error, code: unknown): Error {
  if (typeof code !== 'string' || !UNKNOWN_AUTHORITY.test(code)) return error;
  const hint =
    'if the certificate is from an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
  return Object.assign(new Error(`${error.message} (${code}); ${hint}`, { cause: error }), {
    name: 'TlsError',
  });
}
