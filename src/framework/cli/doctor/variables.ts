import { accessSync, constants } from 'node:fs';
import type { Environment } from '../../base/environment.js';
import { hideCredentials } from '../../base/show.js';
import { type Endpoint, isLoopback } from '../../aws/endpoint.js';
import { type Finding, fault, type Look, warning } from './finding.js';

/** Variables with the path of a file that the AWS SDK or Node reads. */
const FILES = [
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'NODE_EXTRA_CA_CERTS',
] as const;
/** Without the file that one of these names there are no credentials. Without the others, defaults are used. */
const NEEDED: ReadonlySet<string> = new Set(FILES.slice(0, 2));
const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const;

/**
 * Checks environment variables that change how the service is reached. Returns findings only for those that are wrong or
 * have no effect.
 * @param hasHandler true if the config passes an HTTP handler or agent of the user's own to the SDK
 */
export function lookAtVariables(env: Environment, endpoint: Endpoint, hasHandler: boolean): Finding[] {
  const files = FILES.flatMap((name) => lookAtFile(name, env[name]));
  if (isLoopback(endpoint)) return files;
  return [...files, ...lookAtCertificates(env), ...(hasHandler ? [] : lookAtProxy(env))];
}

function lookAtFile(name: string, path: string | undefined): Finding[] {
  if (!path) return [];
  const look: Look = { check: 'environment', subject: name, expected: 'a file that can be read' };
  try {
    accessSync(path, constants.R_OK);
    return [];
  } catch (error) {
    const fix = `correct the path, or let this user read the file, or unset ${name}`;
    return [(NEEDED.has(name) ? fault : warning)(look, (error as Error).message, fix)];
  }
}

function lookAtCertificates(env: Environment): Finding[] {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return [];
  const look: Look = {
    check: 'environment',
    subject: 'NODE_TLS_REJECT_UNAUTHORIZED',
    expected: 'certificates that are checked',
  };
  const got = 'it is 0: no certificate is checked, so anybody on the way can read inputs and credentials';
  const fix = 'unset it; for an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
  return [warning(look, got, fix)];
}

function lookAtProxy(env: Environment): Finding[] {
  const name = PROXIES.find((each) => env[each]);
  if (name === undefined) return [];
  const proxy = hideCredentials(env[name] ?? '');
  const look: Look = { check: 'environment', subject: name, expected: 'a proxy that is used' };
  const got = `it is ${proxy}, and neither Node nor the AWS SDK reads it: calls go to the service directly`;
  const fix = `if the proxy is needed, pass it in the config: sdk: { requestHandler: { httpsAgent: new HttpsProxyAgent('${proxy}') } }, with HttpsProxyAgent of the package https-proxy-agent; else unset ${name}`;
  return [warning(look, got, fix)];
}
