import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Abortable } from '../../base/abort.js';
import { isPlainObject, parseJson } from '../../base/json.js';
import { callHttp, type HttpAnswer, type Platform, Refused } from './platform.js';

/**
 * The folder where Kubernetes mounts the credentials of a pod's service account ("Accessing the Kubernetes API from a
 * Pod").
 */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The name of a pod, and the address of the API server as seen from inside the pod. */
export interface PodAddress {
  readonly host: string;
  readonly port: string;
  readonly pod: string;
  /** The folder with `token`, `ca.crt` and `namespace`. @default {@link SERVICE_ACCOUNT} */
  readonly account?: string;
}

/**
 * The name of the annotation with a pod's deletion cost. When a ReplicaSet scales in, it deletes the pods with the
 * lowest cost first. A pod without this annotation has the cost 0.
 */
export const COST = 'controller.kubernetes.io/pod-deletion-cost';
/**
 * The name of the annotation that shows that the worker has set the others. Its value is JSON with the values that the
 * others had before.
 */
export const MARK = 'stepwright/protected';
const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt';
const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const OURS = [COST, DO_NOT_DISRUPT, SAFE_TO_EVICT] as const;
/** The highest deletion cost that Kubernetes allows: costs are signed 32-bit numbers. */
const MOST_COST = 2 ** 31 - 1;

type Annotations = Readonly<Record<string, string | null>>;

/**
 * Protects the worker's own pod by setting annotations on it. Because of them, a ReplicaSet deletes idle pods first,
 * and Karpenter and the cluster autoscaler don't remove the pod's node.
 */
export class KubernetesPod implements Platform {
  readonly name = 'kubernetes';
  /**
   * Undefined, because annotations never expire. They are renewed nevertheless, since other programs may change them.
   */
  readonly lapsesMs = undefined;
  /** The values that the annotations had before a worker of this pod set them; undefined until they were read. */
  #before: Annotations | undefined;

  constructor(private readonly address: PodAddress) {}

  async protect(since: number, signal: Abortable): Promise<void> {
    if (!this.#before) await this.#readBefore(signal);
    const set = {
      [COST]: String(costSince(since)),
      [DO_NOT_DISRUPT]: 'true',
      [SAFE_TO_EVICT]: 'false',
      [MARK]: JSON.stringify(this.#before),
    };
    await this.#annotate(set, signal);
  }

  /**
   * Restores the annotations, also those that an earlier process in this pod could not restore because it was killed.
   * Otherwise they would stay, and the pod's node could never be scaled in.
   */
  async release(signal: Abortable): Promise<void> {
    if (!this.#before && !(await this.#readBefore(signal))) return;
    const none = Object.fromEntries(OURS.map((name) => [name, null]));
    await this.#annotate({ ...none, ...this.#before, [MARK]: null }, signal);
  }

  /** Reads the annotations, or what they were before a worker of this pod set them. Resolves to true if one has. */
  async #readBefore(signal: Abortable): Promise<boolean> {
    const found = annotationsIn(await this.#call('GET', signal));
    const earlier = found[MARK];
    this.#before = ofOurs(earlier === undefined ? found : parse(earlier));
    return earlier !== undefined;
  }

  /** Resolves to the pod's `terminationGracePeriodSeconds`; undefined if the API server doesn't return it. */
  async terminationGraceSeconds(signal: Abortable): Promise<number | undefined> {
    const { json } = await this.#call('GET', signal, undefined, 'application/json');
    const spec = isPlainObject(json) ? json['spec'] : undefined;
    const seconds = isPlainObject(spec) ? spec['terminationGracePeriodSeconds'] : undefined;
    return typeof seconds === 'number' ? seconds : undefined;
  }

  async #annotate(annotations: Annotations, signal: Abortable): Promise<void> {
    const found = annotationsIn(await this.#call('PATCH', signal, { metadata: { annotations } }));
    const lost = Object.entries(annotations).find(([name, value]) => (found[name] ?? null) !== value);
    if (lost) throw new Refused(`the API server took the annotation ${lost[0]}, and answered without it`);
  }

  /** Reads the token from its file for each call, since Kubernetes replaces the file before the token expires. */
  async #call(
    method: 'GET' | 'PATCH',
    signal: Abortable,
    body?: object,
    accept = METADATA,
  ): Promise<HttpAnswer> {
    const { host, port, pod } = this.address;
    // In turn, so that of several files that can't be read always the same one is named.
    const namespace = await this.#read('namespace');
    const token = await this.#read('token');
    const ca = await this.#read('ca.crt');
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
    const url = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}${path}`);
    const type = body && { 'content-type': 'application/merge-patch+json' };
    const headers = { authorization: `Bearer ${token}`, accept, ...type };
    const answer = await callHttp({ method, url, headers, ...(body && { body }), ca }, signal);
    if (answer.status !== 200) throw refusal(answer, `${method} of the pod ${namespace}/${pod}`);
    return answer;
  }

  async #read(name: string): Promise<string> {
    const file = join(this.address.account ?? SERVICE_ACCOUNT, name);
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      const why = `${file} can't be read: give the pod a service account, and its token (${String(error)})`;
      throw new Refused(why, { cause: error });
    }
  }
}

/**
 * The Accept header of all calls. With it, the API server answers with only a pod's metadata, without the rest of the
 * pod. Objects of which it can't return only the metadata are returned whole.
 */
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json';

/**
 * Returns the deletion cost of a pod: the longer its oldest task has been running, the higher. It doesn't change while
 * that task runs, since Kubernetes' documentation advises against frequent changes.
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
  const value = parseJson(text);
  return isPlainObject(value) ? value : {};
}

const messageIn = (json: unknown): string =>
  isPlainObject(json) && typeof json['message'] === 'string' ? `: ${json['message']}` : '';

function refusal({ status, json }: HttpAnswer, call: string): Error {
  const message = `${call}: the API server answered ${status}${messageIn(json)}${ADVICE[status] ?? ''}`;
  return status >= 400 && status < 500 ? new Refused(message) : new Error(message);
}

const NO_ROLE =
  '; allow get and patch of pods to its service account (deploy/kubernetes/worker.yaml has the Role)';
const ADVICE: Readonly<Record<number, string>> = {
  401: NO_ROLE,
  403: NO_ROLE,
  404: '; set POD_NAME to metadata.name by the downward API',
};
