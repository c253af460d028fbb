import { type Address, isThisMachine } from '../../config/address.js';

/** The address of a health port, with the host names that requests may use for it beside the address's own. */
export interface NamedAddress extends Address {
  /** `NAME`, or `*.DOMAIN` for every name below a domain. */
  readonly hosts: readonly string[];
}

/** The domains that nobody can have in the public DNS: no web page has a name below one. */
const PRIVATE = /\.(?:local|localhost|internal|svc)$/;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d*)?$/;

/**
 * Returns the check of a request's Host, which keeps web pages away from the port: a page can make its own name lead to
 * this address (DNS rebinding), and would then read what is answered. Any port will do, since a client may come through
 * a tunnel.
 * - On this machine alone only its loopback names and addresses are answered.
 * - Elsewhere all IP addresses are, as probes name them, and names that the public DNS does not know: `worker`,
 *   `worker.monitoring.svc`, `ip-10-0-0-1.ec2.internal`.
 *
 * A request without a Host comes from no browser, and is answered.
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
