/**
 * The namespaces in the names of errors that don't belong to Step Functions itself but to Coral, the framework of AWS's
 * services.
 */
export const CORAL = 'com.amazon.coral.service';
const CORAL_VALIDATE = 'com.amazon.coral.validate';
const SWF = 'com.amazonaws.swf.service.v2.model';

/** An error that the API responds with. It is sent with HTTP status 400, a name and a message. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  /**
   * @param type the error's name in the SDK, such as `InvalidArn`
   * @param namespace the part of the name that is sent before `#`
   * @param members further members of the error, such as `reason`
   */
  constructor(
    readonly type: string,
    message: string,
    readonly namespace = SWF,
    private readonly members: object = {},
  ) {
    super(message);
  }

  /** The body of the HTTP response, as JSON. */
  get body(): string {
    return JSON.stringify({
      __type: `${this.namespace}#${this.type}`,
      message: this.message,
      ...this.members,
    });
  }
}

/** The reasons of a ValidationException. API reference of Step Functions. */
type ValidationReason =
  | 'API_DOES_NOT_SUPPORT_LABELED_ARNS'
  | 'CANNOT_UPDATE_COMPLETED_MAP_RUN'
  | 'MISSING_REQUIRED_PARAMETER'
  | 'INVALID_ROUTING_CONFIGURATION';

const error = (type: string, message: string): ServiceError => new ServiceError(type, message);
const refused = (message: string, members?: object): ServiceError =>
  new ServiceError('ValidationException', message, CORAL_VALIDATE, members);

/**
 * The errors that the API responds with. Their messages were recorded from the live service; only the values in them
 * differ.
 */
export const errors = {
  validation: (violations: readonly string[]): ServiceError => {
    const head = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected: `;
    return refused(head + violations.join('; '));
  },
  serialization: (reason: string) => new ServiceError('SerializationException', reason, CORAL),
  /** The SDK sends such a request again by itself, after a while. */
  throttled: () => new ServiceError('ThrottlingException', 'Rate exceeded', CORAL),
  invalidName: (name: string) => error('InvalidName', `Invalid Name: '${name}'`),
  invalidArn: (reason: string) => error('InvalidArn', `Invalid Arn: '${reason}'`),
  invalidRole: (arn: string) => error('InvalidArn', `Invalid Role Arn: '${arn}'`),
  invalidToken: () => error('InvalidToken', "Invalid Token: 'Invalid token'"),
  invalidOutput: (text: string) =>
    error('InvalidOutput', `Invalid Output: '${shorten(text)}' is not valid JSON.`),
  invalidInput: (reason: string) =>
    error('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`),
  versionDescription: () => refused('Version description can only be set when publish is true'),
  invalidDefinition: (reason: string) =>
    error('InvalidDefinition', `Invalid State Machine Definition: '${reason}'`),
  taskTimedOut: (what: string) => error('TaskTimedOut', `Task Timed Out: '${what}'`),
  noActivity: (arn: string) => error('ActivityDoesNotExist', `Activity Does Not Exist: '${arn}'`),
  noMachine: (arn: string) => error('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`),
  noExecution: (arn: string) => error('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`),
  executionExists: (arn: string) => error('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`),
  notRedrivable: (reason: string) => error('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`),
  machineDeleting: (arn: string) => error('StateMachineDeleting', `State Machine is being deleted: '${arn}'`),
  machineExists: (arn: string) =>
    error('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`),
  typeNotSupported: () =>
    error('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine'),
  tooManyExecutions: () =>
    error(
      'ExecutionLimitExceeded',
      'The maximum number of running executions has been reached. Running executions must end or be stopped before a new execution can be started.',
    ),
  noResource: (arn?: string) =>
    error(
      'ResourceNotFound',
      arn === undefined
        ? 'Request references a resource that does not exist.'
        : `Resource not found: '${arn}'`,
    ),
  staleRevision: (revisionId: string, current: string) =>
    error(
      'ConflictException',
      `Failed to publish the State Machine version for revision ${revisionId}. The current State Machine revision is ${current}.`,
    ),
  versionInUse: (aliases: readonly string[]) =>
    error(
      'ConflictException',
      `Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [${aliases.join(', ')}]`,
    ),
  aliasExists: () =>
    error(
      'ConflictException',
      'Failed to create alias because an alias with the same name and a different routing configuration already exists.',
    ),
  invalidLogging: (reason: string) =>
    error('InvalidLoggingConfiguration', `Invalid Logging Configuration: ${reason}`),
  invalidTracing: () =>
    error('InvalidTracingConfiguration', "Invalid Tracing Configuration: 'enabled' must be true or false."),
  invalidEncryption: (reason: string) =>
    error('InvalidEncryptionConfiguration', `Invalid Encryption Configuration: ${reason}.`),
  missingParameter: () =>
    error(
      'MissingRequiredParameter',
      'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
    ),
  /**
   * An error about several fields of a request together, or about something else that isn't checked field by field.
   * @param reason the member `reason` of the error, if the API reference has one for it
   */
  invalidRequest: (message: string, reason?: ValidationReason) => refused(message, reason && { reason }),
  tooManyVersions: () =>
    error('ServiceQuotaExceededException', 'A state machine may have at most 1000 versions.'),
  tooManyAliases: () =>
    error('ServiceQuotaExceededException', 'A state machine may have at most 100 aliases.'),
  tooManyTags: (resourceName: string) =>
    new ServiceError('TooManyTags', `'${resourceName}' may have at most 50 tags.`, SWF, { resourceName }),
  activityExists: (arn: string) => error('ActivityAlreadyExists', `Activity Already Exists: '${arn}'`),
  tooManyActivities: () =>
    error('ActivityLimitExceeded', 'The maximum number of activities has been reached.'),
  tooManyPolls: () =>
    error(
      'ActivityWorkerLimitExceeded',
      'The maximum number of workers concurrently polling for activity tasks has been reached.',
    ),
  unsupported: (what: string) =>
    new ServiceError(
      'UnsupportedOperation',
      `Stepwright's local Step Functions does not have ${what}.`,
      CORAL,
    ),
};

const SHOWN = 200;

function shorten(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}
