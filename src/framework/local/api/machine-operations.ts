import { compileMachine, DefinitionError, type Program } from '../asl/machine.js';
import { toSeconds } from '../engine/history.js';
import { homeOf, keyOf, type Machine } from '../engine/machines.js';
import { type Call, type Operation } from './operation.js';
import { pageOf } from '../engine/pages.js';
import { errors } from '../engine/service-error.js';
import { checkArn, Checker, checkName, MAX, refuseMetadataOnly, refuseOwnKey } from './request-validation.js';

function readMachineArn(call: Call): string {
  const checker = new Checker(call.body);
  const arn = checker.requiredText('stateMachineArn', { min: 1, max: MAX.arn, shown: true });
  checker.done();
  return checkArn(arn, 'stateMachine');
}

const createStateMachine: Operation = ({ body, region }, { machines }) => {
  const checker = new Checker(body);
  const name = checker.requiredText('name', { min: 1, max: MAX.name, shown: true });
  const definition = checker.requiredText('definition', { min: 1, max: MAX.definition });
  const roleArn = checker.requiredText('roleArn', { min: 1, max: MAX.arn, shown: true });
  const type = checker.oneOf('type', ['STANDARD', 'EXPRESS']) ?? 'STANDARD';
  const description = checker.text('versionDescription', { max: 256 });
  const publish = checker.boolean('publish');
  checker.done();
  checkName(name);
  if (description !== undefined && publish !== true) throw errors.versionDescription();
  refuseOwnKey(body);
  if (type === 'EXPRESS') throw errors.unsupported('EXPRESS state machines');
  if (publish === true) throw errors.unsupported('versions of state machines');
  const program = compile(definition);
  const { arn, createdAt } = machines.create(name, definition, program, homeOf(region), roleArn);
  return { stateMachineArn: arn, creationDate: toSeconds(createdAt) };
};

/** Compiles a definition. @throws ServiceError InvalidDefinition, which lists all mistakes */
function compile(definition: string): Program {
  try {
    return compileMachine(definition);
  } catch (error) {
    throw error instanceof DefinitionError ? errors.invalidDefinition(error.message) : error;
  }
}

const describeStateMachine: Operation = (call, { machines }) => {
  refuseMetadataOnly(call.body);
  const { arn, name, definition, roleArn, createdAt, deleting, program } = machines.get(readMachineArn(call));
  const { variableReferences: references } = program;
  return {
    stateMachineArn: arn,
    name,
    status: deleting ? 'DELETING' : 'ACTIVE',
    definition,
    roleArn,
    type: 'STANDARD',
    creationDate: toSeconds(createdAt),
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
    encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
    ...(references.size > 0 && { variableReferences: Object.fromEntries(references) }),
  };
};

const listStateMachines: Operation = ({ body }, { machines }) => {
  const checker = new Checker(body);
  const page = checker.page(MAX.listToken);
  checker.done();
  const { items, ...rest } = pageOf(machines.all(), keyOf, page);
  return { stateMachines: items.map(summary), ...rest };
};

function summary({ arn, name, createdAt }: Machine): object {
  return { stateMachineArn: arn, name, type: 'STANDARD', creationDate: toSeconds(createdAt) };
}

const deleteStateMachine: Operation = (call, { machines }) => {
  machines.delete(readMachineArn(call));
  return {};
};

export const machineOperations: Record<string, Operation> = {
  CreateStateMachine: createStateMachine,
  DescribeStateMachine: describeStateMachine,
  ListStateMachines: listStateMachines,
  DeleteStateMachine: deleteStateMachine,
};
