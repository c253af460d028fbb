/** Error codes of a connection that could not be made, or for which no file descriptor was left. */
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
/** Error codes of Node's TLS and of OpenSSL for a peer that could not be trusted, so that nothing was sent to it. */
const UNTRUSTED = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;
/** The codes with which a certificate is refused whose authority this machine does not know, such as a private one. */
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

/** Returns true where a system error's code says that nothing was sent. */
export function neverSent(code: unknown): boolean {
  return isUntrusted(code) || (typeof code === 'string' && NEVER_SENT.has(code));
}

export const isUntrusted = (code: unknown): boolean => typeof code === 'string' && UNTRUSTED.test(code);

/**
 * Returns a TLS error with what to do about it, where the certificate's authority is unknown; any other error as it is.
 */
export function explainTrust(error: Error, code: unknown): Error {
  if (typeof code !== 'string' || !UNKNOWN_AUTHORITY.test(code)) return error;
  const hint =
    'if the certificate is from an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
  return Object.assign(new Error(`${error.message} (${code}); ${hint}`, { cause: error }), {
    name: 'TlsError',
  });
}
