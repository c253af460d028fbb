import type { ResourceAnswer } from '../../asl/runtime/resource.js';
import { CAUSE_LIMIT, ERROR_LIMIT } from '../../base/size.js';
import { raised } from './sdk-spelling.js';

export type Failure = Extract<ResourceAnswer, { kind: 'failed' }>;

/** The error of a service's API. */
export interface ServiceFault {
  /** The name of the error in the API's model, such as `NotFoundException`. */
  readonly name: string;
  /** Its name on the wire, such as `NotFound`. @default `name` */
  readonly code?: string;
  readonly message: string;
  readonly status: number;
  readonly requestId: string | undefined;
  /** S3 has a second id. */
  readonly extendedRequestId?: string | undefined;
  /** False if the API's model doesn't contain the error. @default true */
  readonly isModelled?: boolean;
}

/** The prefixes of errors and the names of services in the causes of optimised integrations. Recorded where they are known. */
const OPTIMISED: Readonly<Record<string, readonly [prefix: string, service: string]>> = {
  dynamodb: ['DynamoDB', 'AmazonDynamoDBv2'],
  events: ['EventBridge', 'AmazonEventBridge'],
  lambda: ['Lambda', 'AWSLambda'],
  sns: ['SNS', 'AmazonSNS'],
  sqs: ['SQS', 'AmazonSQS'],
  ecs: ['ECS', 'AmazonECS'],
  states: ['StepFunctions', 'AWSStepFunctions'],
};

const named = (service: string): readonly [prefix: string, service: string] => {
  const capital = raised(service);
  return OPTIMISED[service] ?? [capital, `AWS${capital}`];
};

const withSuffix = (code: string): string => (code.endsWith('Exception') ? code : `${code}Exception`);

/** Returns the failure of a Task. Its texts are cut to the limits of Step Functions. */
export const failedWith = (error: string, cause: string): Failure => ({
  kind: 'failed',
  error: error.slice(0, ERROR_LIMIT),
  cause: cause.slice(0, CAUSE_LIMIT),
});

/** Returns the prefix of the errors of an optimised integration. */
export const prefixOf = (service: string): string => named(service)[0];

/** Returns the failure of a Task that has called an optimised integration. Recorded from the live service. */
export function optimisedFailure(service: string, fault: ServiceFault): Failure {
  const [prefix, name] = named(service);
  const { name: shape, code = shape, message, status, requestId, isModelled = true } = fault;
  // An error that the API's model doesn't contain is an AmazonDynamoDBException, and the like.
  const error = isModelled
    ? withSuffix(shape)
    : `${/^(?:AWS|Amazon)/.test(name) ? name.replace(/v2$/, '') : `Amazon${prefix}`}Exception`;
  const cause = `${message} (Service: ${name}; Status Code: ${status}; Error Code: ${code}; Request ID: ${requestId ?? 'null'}; Proxy: null)`;
  return failedWith(`${prefix}.${error}`, cause);
}

/** Returns the failure of a Task that has called a service by `aws-sdk:`. Recorded from the live service. */
export function sdkFailure(prefix: string, fault: ServiceFault): Failure {
  const { name, message, status, requestId = 'null', extendedRequestId, isModelled = true } = fault;
  const error = isModelled ? withSuffix(name) : `${prefix}Exception`;
  const ids =
    extendedRequestId === undefined ? requestId : `${requestId}, Extended Request ID: ${extendedRequestId}`;
  const cause = `${message} (Service: ${prefix}, Status Code: ${status}, Request ID: ${ids}) (SDK Attempt Count: 1)`;
  return failedWith(`${prefix}.${error}`, cause);
}

/** Returns the failure of a Task that can't reach what it calls. @param name the name of the error */
export const unreachable = (name: string, error: unknown): Failure =>
  failedWith(name, `Unable to execute HTTP request: ${messageOf(error)}`);

/** Node gives no message to an error that stands for several. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, errors } = error as Error & { errors?: readonly Error[] };
  return message || (errors?.map((each) => each.message).join(', ') ?? error.name);
}
