import { type Endpoint, isLoopback } from './endpoint.js';

/** Hosts of AWS, also those of VPC endpoints. */
const AWS_HOST = /\.(amazonaws\.com(\.cn)?|api\.aws)$/;

/**
 * Returns a function that says where the tasks of an activity come from: at AWS its partition, account and region;
 * elsewhere the origin, by one name for all loopback addresses. Only who has the same scope is asked about a task, or
 * reports its outcome.
 */
export function scopeAt(endpoint: Endpoint): (activityArn: string) => string {
  const url = endpoint.kind === 'aws' ? undefined : new URL(endpoint.url);
  if (url && !AWS_HOST.test(url.hostname)) {
    const port = url.port === '' ? '' : `:${url.port}`;
    const origin = isLoopback(endpoint) ? `${url.protocol}//localhost${port}` : url.origin;
    return () => origin;
  }
  return (activityArn) => {
    const [, partition, , region, account] = activityArn.split(':');
    return `${partition} ${account} ${region}`;
  };
}
