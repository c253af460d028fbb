/** How the history speaks of calls of a resource. */
export interface ResourceKind {
  /** `Task`, or `LambdaFunction` for a function that is named by its own ARN. */
  readonly event: 'Task' | 'LambdaFunction';
  /** What is the same in every event. */
  readonly details: { readonly resource: string; readonly resourceType: string } | undefined;
  /** Whether the task ends only when its token comes back. */
  readonly waitsForToken: boolean;
}

const INTEGRATION = /^arn:aws[a-z-]*:states:[^:]*:[^:]*:(.+):([^:]+)$/;
const LAMBDA = /^arn:aws[a-z-]*:lambda:/;

/** Reads the ARN of a resource that is no activity, or gives undefined where nobody would know it. */
export function resourceKind(arn: string): ResourceKind | undefined {
  const [, resourceType, resource] = INTEGRATION.exec(arn) ?? [];
  if (resourceType !== undefined && resource !== undefined) {
    const waitsForToken = resource.endsWith('.waitForTaskToken');
    return { event: 'Task', details: { resource, resourceType }, waitsForToken };
  }
  return LAMBDA.test(arn) ? { event: 'LambdaFunction', details: undefined, waitsForToken: false } : undefined;
}
