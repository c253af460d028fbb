import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Abortable } from '../../base/abort.js';
import { isPlainObject } from '../../base/plain-object.js';
import { callHttp, type HttpAnswer, type HttpCall } from './http-call.js';
import { type Platform, Refused } from './platform.js';

/** The place where Kubernetes mounts the service account of a pod ("Accessing the Kubernetes API from a Pod"). */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A pod, and the way to the API server from inside of it. */
export interface PodAddress {
  readonly host: string;
  readonly port: string;
  readonly pod: string;
  /** The folder with `token`, `ca.crt` and `namespace`. @default {@link SERVICE_ACCOUNT} */
  readonly account?: string;
}

/** A ReplicaSet that scales in deletes the pods with the lowest cost first; that of a pod without this is 0. */
export const COST = 'controller.kubernetes.io/pod-deletion-cost';
/** Says whose the other annotations are, and what they were before. */
export const MARK = 'stepwright/protected';
const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt';
const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const OURS = [COST, DO_NOT_DISRUPT, SAFE_TO_EVICT] as const;
/** The highest cost that there may be: costs are 32-bit numbers. */
const MOST_COST = 2 ** 31 - 1;

type Annotations = Readonly<Record<string, string | null>>;

/**
 * The worker's own pod, which its service account annotates, so that a ReplicaSet deletes idle pods first, and neither
 * Karpenter nor the cluster autoscaler takes its node away.
 */
export class KubernetesPod implements Platform {
  readonly name = 'kubernetes';
  /** Annotations stay. They are still renewed, since others may write them. */
  readonly lapsesMs = undefined;
  readonly #address: PodAddress;
  /** The values that the annotations had before the worker set them. */
  #before: Annotations = {};

  constructor(address: PodAddress) {
    this.#address = address;
  }

  /**
   * Learns what the annotations are, to put that back. Where a process that was killed has left its own behind, puts
   * back what was there before: nothing else would, and its node could never be scaled in.
   */
  async clear(signal: Abortable): Promise<void> {
    const found = annotationsIn(await this.#call('GET', signal));
    const left = found[MARK];
    this.#before = left === undefined ? ofOurs(found) : ofOurs(parse(left));
    if (left !== undefined) await this.release(signal);
  }

  async protect(since: number, signal: Abortable): Promise<void> {
    const set = {
      [COST]: String(costSince(since)),
      [DO_NOT_DISRUPT]: 'true',
      [SAFE_TO_EVICT]: 'false',
      [MARK]: JSON.stringify(this.#before),
    };
    await this.#annotate(set, signal);
  }

  async release(signal: Abortable): Promise<void> {
    const none = Object.fromEntries(OURS.map((name) => [name, null]));
    await this.#annotate({ ...none, ...this.#before, [MARK]: null }, signal);
  }

  /**
   * Asks the API server whether the service account may do to pods what a protection needs, and changes nothing.
   * @throws Error where that can't be asked
   */
  async isAllowed(verb: 'get' | 'patch', signal: Abortable): Promise<boolean> {
    const namespace = await this.#read('namespace');
    const { pod: name } = this.#address;
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace, verb, resource: 'pods', name } },
    };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const { status, json } = await this.#send(
      { method: 'POST', path, type: 'application/json', body: review },
      signal,
    );
    const found =
      isPlainObject(json) && isPlainObject(json['status']) ? json['status']['allowed'] : undefined;
    if (typeof found !== 'boolean') throw new Error(`the API server answered ${status}${messageIn(json)}`);
    return found;
  }

  async #annotate(annotations: Annotations, signal: Abortable): Promise<void> {
    const found = annotationsIn(await this.#call('PATCH', signal, { metadata: { annotations } }));
    const lost = Object.entries(annotations).find(([name, value]) => (found[name] ?? null) !== value);
    if (lost) throw new Refused(`the API server took the annotation ${lost[0]}, and answered without it`);
  }

  async #call(method: 'GET' | 'PATCH', signal: Abortable, body?: object): Promise<HttpAnswer> {
    const namespace = await this.#read('namespace');
    const { pod } = this.#address;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
    const answer = await this.#send({ method, path, type: 'application/merge-patch+json', body }, signal);
    if (answer.status !== 200) throw refusal(answer, method, { namespace, pod });
    return answer;
  }

  /** Sends a call with the token that there is now: Kubernetes replaces the file before its token expires. */
  async #send(
    {
      path,
      type,
      ...call
    }: Pick<HttpCall, 'method' | 'body'> & { readonly path: string; readonly type: string },
    signal: Abortable,
  ): Promise<HttpAnswer> {
    const { host, port } = this.#address;
    const [token, ca] = await Promise.all([this.#read('token'), this.#read('ca.crt')]);
    const url = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}${path}`);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: METADATA,
      ...(call.body && { 'content-type': type }),
    };
    return callHttp({ ...call, url, headers, ca }, signal);
  }

  async #read(name: string): Promise<string> {
    const file = join(this.#address.account ?? SERVICE_ACCOUNT, name);
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      throw new Refused(
        `${file} can't be read: give the pod a service account, and its token (${String(error)})`,
        {
          cause: error,
        },
      );
    }
  }
}

/** Asks for a pod without its specification, and for anything else as it is. */
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json';

/**
 * Returns a cost that is the higher the earlier the oldest task began, so that what is furthest along is deleted last.
 * It does not change while that task runs: the documentation asks for few changes.
 */
const costSince = (since: number): number => MOST_COST - Math.max(0, Math.floor(since / 60_000));

function annotationsIn({ json }: HttpAnswer): Readonly<Record<string, string | undefined>> {
  const metadata = isPlainObject(json) ? json['metadata'] : undefined;
  if (!isPlainObject(metadata)) throw new Error('the API server answered 200 without a pod');
  const { annotations = {} } = metadata;
  return isPlainObject(annotations) ? (annotations as Record<string, string>) : {};
}

const ofOurs = (found: Readonly<Record<string, unknown>>): Annotations =>
  Object.fromEntries(
    OURS.flatMap((name): [string, string][] => {
      const value = found[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : {};
  } catch {
    return {};
  }
}

const messageIn = (json: unknown): string =>
  isPlainObject(json) && typeof json['message'] === 'string' ? `: ${json['message']}` : '';

function refusal(
  { status, json }: HttpAnswer,
  method: string,
  { namespace, pod }: { readonly namespace: string; readonly pod: string },
): Error {
  const advice =
    status === 401 || status === 403
      ? '; allow get and patch of pods to its service account (deploy/kubernetes/worker.yaml has the Role)'
      : status === 404
        ? '; set POD_NAME to metadata.name by the downward API'
        : '';
  const message = `${method} of the pod ${namespace}/${pod}: the API server answered ${status}${messageIn(json)}${advice}`;
  return status >= 400 && status < 500 ? new Refused(message) : new Error(message);
}
