import { createHash, createHmac } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call that came to the door, and how it was judged: undefined where it was let through. */
export interface DoorCall {
  readonly operation: string;
  readonly accessKey: string;
  readonly refusedFor: string | undefined;
}

/** AWS's checks before a service: the key and time of each signature. It forwards the calls that pass. */
export interface Door {
  readonly url: string;
  readonly calls: DoorCall[];
  /** The secret of each access key that is known. */
  readonly secrets: Map<string, string>;
  /** Keys that are known and no longer good, and the error that they are refused with. */
  readonly revoked: Map<string, string>;
  /** Operations that are denied to all. */
  readonly denied: Set<string>;
  /** Web identity tokens that STS takes, and the access key that it gives out for each; how often it was asked. */
  readonly identities: Map<string, string>;
  readonly sts: { asked: number };
  refusals(operation?: string): number;
  close(): Promise<void>;
}

/** AWS's own limit for Signature Version 4. */
const SKEW_MS = 5 * 60_000;
const WORDS: Record<string, string> = {
  ExpiredTokenException: 'The security token included in the request is expired',
  UnrecognizedClientException: 'The security token included in the request is invalid.',
  InvalidSignatureException: 'The request signature we calculated does not match the signature you provided.',
};

/** @param target the service behind. @param now the true time, whatever the process under test believes. */
export async function openDoor(target: string, now: () => number): Promise<Door> {
  const calls: DoorCall[] = [];
  const [secrets, revoked, identities] = [new Map(), new Map(), new Map()] as Map<string, string>[];
  if (!secrets || !revoked || !identities) throw new Error('three maps were made');
  const sts = { asked: 0 };
  const denied = new Set<string>();
  const server = createServer((incoming, response) => void answer(incoming, response));

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    response.setHeader('date', new Date(now()).toUTCString());
    const action = new URLSearchParams(body.toString()).get('WebIdentityToken');
    if (action !== null) return assumeRole(action, response);
    const accessKey = accessKeyOf(incoming);
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const refusedFor =
      judge(incoming, body, accessKey) ?? (denied.has(operation) ? 'AccessDeniedException' : undefined);
    calls.push({ operation, accessKey, refusedFor });
    if (refusedFor === undefined) return passOn(target, incoming, body, response);
    const text = {
      __type: `com.amazon.coral.service#${refusedFor}`,
      message: WORDS[refusedFor] ?? refusedFor,
    };
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(text));
  }

  function judge(incoming: IncomingMessage, body: Buffer, accessKey: string): string | undefined {
    const secret = secrets?.get(accessKey);
    if (secret === undefined) return 'UnrecognizedClientException';
    const signedAt = readDate(String(incoming.headers['x-amz-date']));
    if (Math.abs(signedAt - now()) > SKEW_MS) return 'InvalidSignatureException';
    if (!isSignedWith(secret, incoming, body)) return 'InvalidSignatureException';
    return revoked?.get(accessKey);
  }

  function assumeRole(token: string, response: ServerResponse): void {
    sts.asked++;
    const key = identities?.get(token.trim());
    const secret = key && secrets?.get(key);
    if (!key || secret === undefined) {
      const error = `<Error><Type>Sender</Type><Code>ExpiredTokenException</Code><Message>Token expired</Message></Error>`;
      response.writeHead(400, { 'content-type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`);
      return;
    }
    const fields = {
      AccessKeyId: key,
      SecretAccessKey: secret,
      SessionToken: `session-of-${key}`,
      Expiration: new Date(now() + 3_600_000).toISOString(),
    };
    const xml = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
    const result = `<AssumeRoleWithWebIdentityResult><Credentials>${xml.join('')}</Credentials></AssumeRoleWithWebIdentityResult>`;
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(`<AssumeRoleWithWebIdentityResponse>${result}</AssumeRoleWithWebIdentityResponse>`);
  }

  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // The SDK and Stepwright take this name for no address of this machine; the kernel does.
    url: `http://0.0.0.0:${(server.address() as AddressInfo).port}`,
    calls,
    secrets,
    revoked,
    denied,
    identities,
    sts,
    refusals: (operation) =>
      calls.filter(
        (call) => call.refusedFor !== undefined && (operation === undefined || call.operation === operation),
      ).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(target: string, incoming: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { host: _host, ...headers } = incoming.headers;
  // A connection each: one that was kept alive may just be closing.
  const agent = new Agent({ keepAlive: false });
  const onward = request(target, { agent, method: incoming.method, headers }, (answer) => {
    // The time is the door's.
    const { date: _date, ...answered } = answer.headers;
    response.writeHead(answer.statusCode ?? 500, answered);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  onward.end(body);
}

const authorization = ({ headers }: IncomingMessage): string => String(headers.authorization);

export const accessKeyOf = (incoming: IncomingMessage): string =>
  /Credential=([^/]+)\//.exec(authorization(incoming))?.[1] ?? 'unsigned';

/** `20260101T000000Z` */
function readDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** Signature Version 4, as its documentation puts it together. */
function isSignedWith(secret: string, incoming: IncomingMessage, body: Buffer): boolean {
  const [, scope = '', names = '', signature] =
    /Credential=[^/]+\/(\S+?), ?SignedHeaders=(\S+?), ?Signature=(\w+)/.exec(authorization(incoming)) ?? [];
  const signed = names.split(';');
  const headers = signed.map((name) => `${name}:${String(incoming.headers[name]).trim()}\n`).join('');
  const canonical = [incoming.method, incoming.url, '', headers, names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', incoming.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<Buffer | string>((parent, part) => hmac(parent, part), `AWS4${secret}`);
  return hmac(key, toSign).toString('hex') === signature;
}
