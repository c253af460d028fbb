import type { HttpHeaders } from '../http-request.js';
import { javaName, raised } from '../sdk-spelling.js';
import type { ServiceFault } from '../service-failure.js';
import { fromSdk, NotSupported, type Schema, toSdk } from './shape.js';
import type { JsonObject, Json } from '../../../asl/values/json.js';

/** The packages of the AWS SDK in the user's project. */
export interface SdkPackages {
  /** Returns false if a package isn't installed. */
  has(name: string): boolean;
  load(name: string): Promise<object>;
}

/** What a service has responded: the result of the Task, or the error of the API. */
export type ServiceResponse =
  | {
      readonly output: Json;
      readonly status: number;
      readonly headers: HttpHeaders;
      readonly requestId: string;
    }
  | { readonly fault: ServiceFault };

interface SdkCommand {
  readonly schema?: readonly Schema[];
}
interface SdkClient {
  readonly config: { readonly serviceId?: string };
  readonly middlewareStack: { add(middleware: unknown, options: object): void };
  send(command: SdkCommand, options: { abortSignal: AbortSignal }): Promise<Record<string, unknown>>;
  destroy(): void;
}
/** The module of a service's package. */
export type SdkModule = Readonly<Record<string, unknown>>;
type Made<T> = new (input: object) => T;

interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
  readonly extendedRequestId?: string;
}

const isAws = (hostname: string): boolean => /\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.test(hostname);

/**
 * Returns the settings of a client of AWS's SDK for an endpoint. An emulator checks no credentials, and has no names of
 * buckets as hosts.
 */
export const settingsAt = (endpoint: string): object => ({
  endpoint,
  forcePathStyle: true,
  ...(!isAws(new URL(endpoint).hostname) && {
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }),
});

/** A client of the user's own AWS SDK for one service at one endpoint. */
export class ServiceClient {
  readonly #client: SdkClient;
  /** The headers of each response, by what the SDK has made of it. */
  readonly #headers = new WeakMap<object, HttpHeaders>();

  constructor(
    private readonly module: SdkModule,
    endpoint: string,
    region: string,
  ) {
    const [name = ''] = Object.keys(module).filter((key) => /^[A-Za-z].*Client$/.test(key));
    const Client = module[name] as Made<SdkClient>;
    this.#client = new Client({
      ...settingsAt(endpoint),
      region,
      maxAttempts: 1,
      disableHostPrefix: true,
      useQueueUrlAsEndpoint: false,
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    this.#client.middlewareStack.add(this.#keepHeaders, { step: 'deserialize', priority: 'high' });
  }

  /** The name of the service in the errors of `aws-sdk:`, such as `DynamoDb`. It is that of the SDK for Java. */
  get name(): string {
    const words = (this.#client.config.serviceId ?? '').split(/[\s-]+/);
    return javaName(words.map(raised).join(''));
  }

  /**
   * Calls the service. @param action it begins with a small letter
   * @throws NotSupported if there is no such action, or no such parameter; the SDK's own error if there is no response
   */
  async call(action: string, parameters: JsonObject, abortSignal: AbortSignal): Promise<ServiceResponse> {
    const wanted = `${action}command`.toLowerCase();
    const name = Object.keys(this.module).find((key) => key.toLowerCase() === wanted);
    if (name === undefined) throw new NotSupported(`The service ${this.name} has no action '${action}'.`);
    const Command = this.module[name] as Made<SdkCommand>;
    const [, , , , input, output] = new Command({}).schema ?? [];
    try {
      const command = new Command(toSdk(parameters, input) as object);
      const response = await this.#client.send(command, { abortSignal });
      const { httpStatusCode = 200, requestId = '' } = response['$metadata'] as Metadata;
      return {
        output: await fromSdk(response, output),
        status: httpStatusCode,
        requestId,
        headers: this.#headers.get(response) ?? [],
      };
    } catch (error) {
      const fault = this.#faultOf(error);
      if (!fault) throw error;
      return { fault };
    }
  }

  destroy(): void {
    this.#client.destroy();
  }

  /** Returns the error of the API; undefined if the service hasn't responded. */
  #faultOf(error: unknown): ServiceFault | undefined {
    const {
      name = '',
      message = '',
      Code = name,
      $metadata,
    } = error as Partial<Error> & {
      readonly Code?: string;
      readonly $metadata?: Metadata;
    };
    if ($metadata?.httpStatusCode === undefined) return undefined;
    return {
      name,
      code: Code,
      message: message === 'UnknownError' ? '' : message,
      status: $metadata.httpStatusCode,
      requestId: $metadata.requestId,
      extendedRequestId: $metadata.extendedRequestId,
      isModelled: typeof this.module[name] === 'function',
    };
  }

  readonly #keepHeaders =
    (next: (sent: object) => Promise<{ output: object; response: unknown }>) =>
    async (sent: object): Promise<object> => {
      const result = await next(sent);
      const headers: unknown = Reflect.get(Object(result.response), 'headers');
      this.#headers.set(result.output, Object.entries(headers as Record<string, string>));
      return result;
    };
}
