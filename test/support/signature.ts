import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request's signature, and the verdict on it. */
export interface Signed {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  /** True where the SDK's own signer makes the same signature of the same request. */
  readonly isRight: boolean;
}

/** Judges a request by the SDK's own signer, as the service would by its own. */
export async function judgeSignature(
  request: IncomingMessage,
  body: string,
  signer: Signer,
): Promise<Signed> {
  const { authorization = '', 'x-amz-date': date, ...all } = request.headers;
  const [, accessKeyId = '', region = '', service = '', names = ''] = AUTHORIZATION.exec(authorization) ?? [];
  const headers = Object.fromEntries(names.split(';').map((name) => [name, String(all[name] ?? date)]));
  delete headers['x-amz-security-token'];
  const [path = '/', query] = (request.url ?? '').split('?');
  if (query !== undefined) throw new Error(`a request with a query is not judged: ${request.url}`);
  const own = new SignatureV4({
    credentials: signer,
    region,
    service,
    sha256: Sha256,
    applyChecksum: 'x-amz-content-sha256' in headers,
  });
  const { headers: signed } = await own.sign(
    { method: request.method ?? '', protocol: 'https:', hostname: 'any', path, headers, body },
    { signingDate: new Date(readDate(String(date))) },
  );
  const isRight = signatureIn(signed['authorization'] ?? '') === signatureIn(authorization);
  return { accessKeyId, region, service, isRight };
}

const AUTHORIZATION = /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+)/;
const signatureIn = (authorization: string): string | undefined =>
  /Signature=(\w{64})$/.exec(authorization)?.[1];

/** `20260101T000000Z` */
const readDate = (text: string): string =>
  text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');

class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
