import { type Address, isThisMachine } from '../../config/address.js';

/**
 * The address of a health port, and the host names that requests may use for it in addition to those of the address.
 */
export interface NamedAddress extends Address {
  /** Each is `NAME`, or `*.DOMAIN` for every name below a domain. */
  readonly hosts: readonly string[];
}

/** Domains that can't exist in the public DNS, so no web page can have a name below one of them. */
const PRIVATE = /\.(?:local|localhost|internal|svc)$/;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d*)?$/;

/**
 * Returns a function that checks the header Host of a request. It keeps web pages from reading the port: a page can
 * make its own domain name resolve to this address (DNS rebinding). The port number in the header isn't checked, since
 * a client may use a tunnel.
 * - If the port listens only on this machine, loopback names and addresses are accepted.
 * - Otherwise all IP addresses are accepted, since probes use them, and names that can't exist in the public DNS:
 *   `worker`, `worker.monitoring.svc`, `ip-10-0-0-1.ec2.internal`.
 *
 * A request without a Host isn't from a browser, so it is accepted.
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
