/** Returns true if a host name or an address is one of this machine. An IPv6 address may have brackets. */
export const isLoopback = (host: string): boolean =>
  /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/.test(host);

/** Returns true if a host name, in lower case, is in a list. There `*.example.com` stands for all names below a domain. */
export const isHostIn = (hosts: readonly string[], host: string): boolean =>
  hosts
    .map((each) => each.toLowerCase())
    .some((each) => (each.startsWith('*.') ? host.endsWith(each.slice(1)) : host === each));
