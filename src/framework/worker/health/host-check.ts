import { type Address, isThisMachine } from '../../config/address.js';

/**
 * The address of a health port, and the host names that requests may use for it in addition to those of the address.
 */
export interface NamedAddress extends Address {
  /** Each is a host name, or `*.DOMAIN` for every name below that domain. */
  readonly hosts: readonly string[];
}

/**
 * Domain suffixes that don't exist in public DNS. No public website can be served under them, so a Host header that
 * ends in one can't come from DNS rebinding.
 */
const PRIVATE = /\.(?:local|localhost|internal|svc)$/;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d*)?$/;

/**
 * Returns a function that returns true if a request's Host header is accepted. The check prevents DNS rebinding: a web
 * page could make its own domain name resolve to this machine, and the browser would then let the page read the port.
 * The port number in the header isn't checked, since a client may use a tunnel.
 * - If the port listens only on this machine, loopback names and addresses are accepted.
 * - Otherwise all IP addresses are accepted, since probes use them, and so are names that can't exist in public DNS:
 *   `worker`, `worker.monitoring.svc`, `ip-10-0-0-1.ec2.internal`.
 *
 * A request without a Host header is accepted, since no browser sends one.
 */
export function hostCheck({ host: own, hosts }: NamedAddress): (host: string | undefined) => boolean {
  const { isIP } = process.getBuiltinModule('node:net');
  const named = [own, ...hosts].map((each) => each.toLowerCase());
  const isNamed = (name: string): boolean =>
    named.some((each) => (each.startsWith('*.') ? name.endsWith(each.slice(1)) : name === each));
  const onlyHere = isThisMachine({ host: own, port: 0 });
  return (host) => {
    if (host === undefined) return true;
    const [, ipv6, text = ''] = HOST.exec(host.toLowerCase()) ?? [];
    const name = ipv6 ?? text.replace(/\.$/, '');
    if (name === '') return false;
    if (isNamed(name) || isLoopback(name)) return true;
    return !onlyHere && (isIP(name) !== 0 || !name.includes('.') || PRIVATE.test(name));
  };
}

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
