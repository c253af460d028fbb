/** The address that a server listens on. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+)):(\d{1,5})$/;

/** Returns true for a whole number from 0 to 65535. */
export const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;

/**
 * Reads `8080` or `'HOST:8080'`; an IPv6 address is written in brackets. Without a host, the address is on the loopback
 * interface. Returns undefined if the value isn't an address.
 */
export function readAddress(value: unknown): Address | undefined {
  if (typeof value === 'number') return isPort(value) ? { host: LOOPBACK, port: value } : undefined;
  if (typeof value !== 'string') return undefined;
  const [, ipv6, name, digits] = HOST_AND_PORT.exec(value) ?? [];
  const host = ipv6 ?? name;
  return host !== undefined && isPort(Number(digits)) ? { host, port: Number(digits) } : undefined;
}

/** Returns an address in the form that a URL uses: `HOST:PORT`, with an IPv6 address in brackets. */
export const showAddress = ({ host, port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
