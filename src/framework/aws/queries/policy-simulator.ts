import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Environment } from '../../base/environment.js';
import { type Endpoint, isLoopback } from '../endpoint.js';

/** The decision of IAM's policy simulator about one action on one resource. */
export interface Simulated {
  readonly resource: string;
  /** `allowed`, `implicitDeny` or `explicitDeny`. */
  readonly decision: string;
}

/** A request in the form that the SDK's handlers and signers accept. */
interface Request {
  readonly method: 'POST';
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: '/';
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The address of STS or IAM, and the region that its calls are signed for. */
interface QueryService {
  readonly name: 'sts' | 'iam';
  readonly url: string;
  readonly region: string;
}

/**
 * The address of IAM in each partition, which has only one ("AWS Identity and Access Management endpoints and quotas").
 */
const IAM: Readonly<Record<string, Omit<QueryService, 'name'>>> = {
  aws: { url: 'https://iam.amazonaws.com', region: 'us-east-1' },
  'aws-cn': { url: 'https://iam.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' },
  'aws-us-gov': { url: 'https://iam.us-gov.amazonaws.com', region: 'us-gov-west-1' },
};

/**
 * Returns true if IAM's policy simulator can be called. The credentials for an endpoint on this machine are made up, so
 * for such an endpoint it can be called only if environment variables set the addresses of STS and IAM.
 */
export const canSimulate = (endpoint: Endpoint, env: Environment): boolean =>
  !isLoopback(endpoint) || Boolean(env['AWS_ENDPOINT_URL_STS'] && env['AWS_ENDPOINT_URL_IAM']);

/**
 * Returns which resources the owner of the credentials may use, as IAM's policy simulator decides. Calls
 * `sts:GetCallerIdentity`, which is always allowed, then `iam:SimulatePrincipalPolicy`. Both are signed and sent by the
 * given Step Functions client, so that STS and IAM need no clients of their own.
 * @param resources ARNs, all of the same partition
 * @throws Error with the service's message if a call is denied or gets no response
 */
export async function simulate(
  client: SFNClient,
  action: string,
  resources: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<Simulated[]> {
  const [, partition = ''] = resources[0]?.split(':') ?? [];
  const region = await client.config.region();
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const sts = {
    name: 'sts',
    url: env['AWS_ENDPOINT_URL_STS'] || `https://sts.${region}.${suffix}`,
    region,
  } as const;
  const place = IAM[partition];
  if (!place) throw new Error(`it is not known where IAM is in the partition '${partition}'`);
  const iam = { name: 'iam', ...place, url: env['AWS_ENDPOINT_URL_IAM'] || place.url } as const;
  const identity = await call(client, sts, { Action: 'GetCallerIdentity', Version: '2011-06-15' }, signal);
  const principal = principalOf(elements(identity, 'Arn')[0] ?? '');
  // One resource per call, since an answer for several resources has another form.
  const decide = async (resource: string): Promise<Simulated> => {
    const answer = await call(client, iam, fieldsOf(principal, action, resource), signal);
    return { resource, decision: elements(answer, 'EvalDecision')[0] ?? '' };
  };
  return Promise.all(resources.map(decide));
}

const fieldsOf = (principal: string, action: string, resource: string): Record<string, string> => ({
  ...{ Action: 'SimulatePrincipalPolicy', Version: '2010-05-08', PolicySourceArn: principal },
  ...{ 'ActionNames.member.1': action, 'ResourceArns.member.1': resource },
});

/**
 * If the ARN is that of a session, returns the ARN of its role, whose policies the session has. Returns any other ARN
 * unchanged. The role's path is left out, since a session's ARN doesn't contain it.
 */
function principalOf(arn: string): string {
  const [, partition, account, role] = /^arn:([\w-]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}

async function call(
  client: SFNClient,
  { name, url, region }: QueryService,
  fields: Readonly<Record<string, string>>,
  abortSignal: AbortSignal,
): Promise<string> {
  const { protocol, hostname, host, port } = new URL(url);
  const request: Request = {
    ...{ method: 'POST', protocol, hostname, path: '/', query: {} },
    ...(port !== '' && { port: Number(port) }),
    headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
  const signer = await signerOf(client);
  const signed = await signer.sign(request, { signingService: name, signingRegion: region });
  const { response } = (await client.config.requestHandler.handle(signed as never, {
    abortSignal,
  })) as Handled;
  const text = await textOf(response.body);
  if (response.statusCode === 200) return text;
  const [code = `HTTP ${response.statusCode}`] = elements(text, 'Code');
  throw Object.assign(new Error(elements(text, 'Message')[0] ?? 'no answer that can be read'), {
    name: code,
  });
}

interface Handled {
  readonly response: { readonly statusCode: number; readonly body: AsyncIterable<Uint8Array> };
}

/** The signer of an SDK client. It can sign requests for any service. */
interface Signer {
  sign(request: Request, where: { signingService: string; signingRegion: string }): Promise<unknown>;
}

function signerOf(client: SFNClient): Promise<Signer> {
  const { signer } = client.config as { signer?: unknown };
  if (typeof signer !== 'function') throw new Error('the SDK has no signer of its own here');
  return signer() as Promise<Signer>;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/**
 * Returns the contents of all XML elements with this name. The contents that are read here (ARNs, decisions, codes)
 * never contain markup.
 */
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text);
