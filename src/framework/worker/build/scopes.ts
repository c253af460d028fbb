import type { Endpoint } from '../../aws/endpoint.js';

/**
 * Returns where tasks of a worker come from: the endpoint, and an account and a region of its activities. A worker takes
 * over what another has left in a store only if it has all of that one's scopes.
 */
export function scopesOf(
  handlers: readonly { readonly activityArn: string }[],
  endpoint: Endpoint,
): string[] {
  const at = endpoint.kind === 'aws' ? 'aws' : new URL(endpoint.url).host;
  const where = ({ activityArn }: { readonly activityArn: string }): string => {
    const [, , , region, account] = activityArn.split(':');
    return `${at} ${account} ${region}`;
  };
  return [...new Set(handlers.map(where))].toSorted();
}
