import { showDuration } from '../../base/time/duration.js';
import { hideCredentials, showError } from '../../base/show.js';
import { type Endpoint, isLoopback, showEndpoint } from '../../aws/endpoint.js';
import { REFUSED } from '../../aws/credentials.js';
import type { CredentialsFound, QueryResult } from '../../aws/queries/region-queries.js';
import type { CallFailure } from '../../aws/call.js';
import { adviceOn } from '../../aws/advice.js';
import { fault, type Finding, type Check, ok, warning } from './finding.js';

/** The milliseconds that two clocks may differ before AWS rejects a signature ("Signature Version 4"). */
const ACCEPTED_MS = 5 * 60_000;
/** If two clocks differ by at least this many milliseconds, one of them is probably not synchronised. */
const ODD_MS = 30_000;

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const;

/**
 * Checks that a proxy of the environment is used, and that certificates are checked.
 * @param hasHandler true if the config passes an HTTP handler or agent of the user's own to the SDK
 */
export function checkProxy(env: NodeJS.ProcessEnv, endpoint: Endpoint, hasHandler: boolean): Finding[] {
  if (isLoopback(endpoint)) return [];
  const findings: Finding[] = [];
  const name = PROXIES.find((each) => env[each]);
  if (name !== undefined && !hasHandler) {
    const proxy = hideCredentials(env[name] ?? '');
    const got = `it is ${proxy}, and neither Node nor the AWS SDK reads it: calls go to the service directly`;
    const fix = `if the proxy is needed, pass it in the config: sdk: { requestHandler: { httpsAgent: new HttpsProxyAgent('${proxy}') } }, with HttpsProxyAgent of the package https-proxy-agent; else unset ${name}`;
    findings.push(warning({ check: 'endpoint', subject: name, expected: 'a proxy that is used' }, got, fix));
  }
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    const subject = 'NODE_TLS_REJECT_UNAUTHORIZED';
    const got = 'it is 0: no certificate is checked, so anybody on the way can read inputs and credentials';
    const fix = 'unset it; for an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
    findings.push(
      warning({ check: 'endpoint', subject, expected: 'certificates that are checked' }, got, fix),
    );
  }
  return findings;
}

/** Checks that there are credentials for signed calls, and that they have not expired. */
export function checkCredentials(found: QueryResult<CredentialsFound>, now: number): Finding {
  const check: Check = {
    check: 'credentials',
    subject: 'credentials',
    expected: 'credentials that have not expired',
  };
  const log = 'log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the container or the instance a role';
  if ('failure' in found) return fault(check, `none: ${showError(found.failure.error)}`, log);
  const { temporary, endsAt } = found.output;
  if (endsAt !== undefined && endsAt <= now)
    return fault(check, `they expired ${showDuration(Math.round(now - endsAt))} ago`, log);
  const until = endsAt === undefined ? '' : ` until ${new Date(endsAt).toISOString()}`;
  return ok(check, temporary ? `a session's${until}` : 'a key that does not expire');
}

/**
 * Returns true if Step Functions responded, even with an error. Returns false if the request failed on the way, or
 * something else responded.
 */
export const isReached = <T>(reply: QueryResult<T>): boolean =>
  !('failure' in reply) || reply.failure.type !== undefined;

/** Returns true if Step Functions accepted the signature, even if it responded with another error. */
export const isSigned = <T>(reply: QueryResult<T>): boolean =>
  !('failure' in reply) || !REFUSED.has(reply.failure.type ?? '');

/** Checks the connection, the clock and the credentials by the first response from a region. */
export function checkAnswer(
  reply: QueryResult<unknown>,
  { endpoint, region, aheadMs }: { endpoint: Endpoint; region: string; aheadMs: number | undefined },
): Finding[] {
  const where = `${showEndpoint(endpoint)}, ${region}`;
  const check: Check = { check: 'endpoint', subject: where, expected: 'a response of Step Functions' };
  const clock = aheadMs === undefined ? [] : [checkClock(aheadMs)];
  if (!('failure' in reply)) return [ok(check, 'answered'), ...clock];
  const { failure } = reply;
  if (!isReached(reply))
    return [fault(check, showError(failure.error), wayThere(failure, endpoint, region)), ...clock];
  return [ok(check, 'answered'), ...clock, ...(isSigned(reply) ? [] : [refusedCredentials(failure, region)])];
}

const refusedCredentials = ({ error }: CallFailure, region: string): Finding =>
  fault(
    { check: 'credentials', subject: 'credentials', expected: 'credentials that the service accepts' },
    `the service refuses them: ${showError(error)}`,
    adviceOn(error, { region }) ?? 'log in again, or replace the key',
  );

function checkClock(aheadMs: number): Finding {
  const off = Math.abs(aheadMs);
  const check: Check = {
    check: 'clock',
    subject: 'clock',
    expected: `within ${ODD_MS / 1000} s of the service's`,
  };
  const got = `${showDuration(Math.round(off / 1000) * 1000)} ${aheadMs > 0 ? 'behind' : 'ahead'}`;
  const fix =
    'keep time by NTP (chrony, systemd-timesyncd); in a virtual machine, restart that service after a pause';
  if (off >= ACCEPTED_MS)
    return fault(check, `${got}: AWS refuses a signature whose time is 5 minutes off`, fix);
  return off > ODD_MS ? warning(check, got, fix) : ok(check, off < 1_500 ? 'the same' : got);
}

function wayThere({ error, setup }: CallFailure, endpoint: Endpoint, region: string): string {
  if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED' && isLoopback(endpoint))
    return 'start the service that should listen there (`node_modules/.bin/stepwright local --port N`), or correct `endpoint`';
  const otherwise = setup
    ? 'correct the credentials, and run the doctor again'
    : 'let outgoing HTTPS pass the firewall, or give the proxy in `sdk.requestHandler`';
  return adviceOn(error, { region }) ?? otherwise;
}
