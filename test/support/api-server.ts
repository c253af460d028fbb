import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PodAddress } from '../../src/framework/worker/protect/kubernetes-pod.js';
import { makeCertificate } from './certificate.js';

export type ApiMode = 'works' | 'hangs' | 'hangs up' | 'forbids' | 'throttles' | 'lies' | 'babbles';

/** A stand-in for the API server of Kubernetes with one pod: TLS, the pod's token, merge patches of its metadata. */
export interface ApiServer {
  readonly address: PodAddress;
  mode: ApiMode;
  /** The verbs that its role allows on pods. */
  allowed: readonly string[];
  readonly calls: { readonly method: string; readonly path: string; readonly body: unknown }[];
  /** The pod's annotations. */
  annotations: Record<string, string>;
  /** The pod's `terminationGracePeriodSeconds`. */
  graceSeconds: number;
  /** Replaces the token, as the kubelet does before the old one expires. */
  rotateToken(): void;
  close(): Promise<void>;
}

const POD = '/api/v1/namespaces/jobs/pods/worker-0';
const VERBS: Readonly<Record<string, string>> = { GET: 'get', PATCH: 'patch' };

export async function startApiServer(): Promise<ApiServer> {
  const { key, cert } = makeCertificate();
  const account = mkdtempSync(join(tmpdir(), 'stepwright-account-'));
  let token = 'token-1';
  const write = (name: string, text: string): void => writeFileSync(join(account, name), text);
  write('token', token);
  write('ca.crt', cert);
  write('namespace', 'jobs');
  const server: Server = createServer({ key, cert }, (request, response) => {
    const answer = (code: number, body: object): void =>
      void response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const status = (code: number, message: string): void =>
      answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      api.calls.push({ method, path, body });
      if (headers.authorization !== `Bearer ${token}`) return status(401, 'Unauthorized');
      if (api.mode === 'hangs') return undefined;
      if (api.mode === 'hangs up') return void response.socket?.destroy();
      if (api.mode === 'throttles') return status(429, 'too many requests');
      if (api.mode === 'babbles') return void response.writeHead(200).end('ok');
      if (path !== POD) return status(404, `pods "${path}" not found`);
      const isAllowed = api.mode !== 'forbids' && api.allowed.includes(VERBS[method] ?? '');
      if (!isAllowed)
        return status(403, `pods "worker-0" is forbidden: cannot ${VERBS[method]} resource "pods"`);
      if (method === 'PATCH' && headers['content-type'] !== 'application/merge-patch+json')
        return status(415, 'unsupported media type');
      if (method === 'PATCH' && api.mode !== 'lies') merge(body);
      const kind = headers.accept?.includes('PartialObjectMetadata') ? 'PartialObjectMetadata' : 'Pod';
      const spec = { terminationGracePeriodSeconds: api.graceSeconds };
      return answer(200, {
        kind,
        metadata: { name: 'worker-0', annotations: api.annotations },
        ...(kind === 'Pod' && { spec }),
      });
    });
  });
  const merge = (body: unknown): void => {
    const { metadata } = body as { metadata: { annotations: Record<string, string | null> } };
    for (const [name, value] of Object.entries(metadata.annotations))
      if (value === null) delete api.annotations[name];
      else api.annotations[name] = value;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: ApiServer = {
    address: {
      host: '127.0.0.1',
      port: String((server.address() as AddressInfo).port),
      pod: 'worker-0',
      account,
    },
    mode: 'works',
    allowed: ['get', 'patch'],
    calls: [],
    annotations: {},
    graceSeconds: 30,
    rotateToken: () => {
      token = 'token-2';
      write('token', token);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        rmSync(account, { recursive: true });
      }),
  };
  return api;
}
