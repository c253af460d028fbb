import { compileMachine, type MachineType } from '../../../asl/machine.js';
import { listOf, pageOf } from '../../engine/pages.js';
import { errors } from '../../engine/service-error.js';
import { toSeconds } from '../../engine/history.js';
import { DEFAULT_SETTINGS, type Machine, type Version } from '../../engine/machines/machine.js';
import { homeOf, keyOf, splitQualified } from '../../engine/machines/machines.js';
import { checkTags } from '../../engine/machines/tags.js';
import type { Operation } from '../operation.js';
import { ARN, checkArn, checkName, checkRole, MAX, NAME } from '../request-validation.js';
import { compiled, TYPES } from './definitions.js';
import { checkSettings, readMetadataOnly, readSettings, readTags } from './machine-settings.js';

/**
 * Returns the fields that the responses of DescribeStateMachine and DescribeStateMachineForExecution have in common.
 */
function describe(
  { arn, name, definition, roleArn, program, revisionId, settings }: Machine,
  metadataOnly: boolean,
): object {
  const { variableReferences: references } = program;
  return {
    stateMachineArn: arn,
    name,
    roleArn,
    ...settings,
    ...(revisionId !== undefined && { revisionId }),
    // API reference of Step Functions, DescribeStateMachine: the definition is then an empty object.
    definition: metadataOnly ? '{}' : definition,
    ...(!metadataOnly && references.size > 0 && { variableReferences: Object.fromEntries(references) }),
  };
}

const summary = ({ arn, name, type, createdAt }: Machine): object => ({
  stateMachineArn: arn,
  name,
  type,
  creationDate: toSeconds(createdAt),
});

export const machineOperations: Record<string, Operation> = {
  CreateStateMachine({ checker, region }, { machines, tags, clock }) {
    const name = checker.requiredText('name', NAME);
    const definition = checker.requiredText('definition', { min: 1, max: MAX.definition });
    const roleArn = checker.requiredText('roleArn', ARN);
    const type = checker.oneOf('type', TYPES) as MachineType | undefined;
    const description = checker.text('versionDescription', { max: MAX.description });
    const publish = checker.boolean('publish') ?? false;
    const settings = readSettings(checker);
    const given = readTags(checker);
    checker.done();
    checkName(name);
    checkRole(roleArn);
    if (description !== undefined && !publish) throw errors.versionDescription();
    checkSettings(settings);
    checkTags(name, given);
    const program = compiled(definition, (text) => compileMachine(text, type));
    const before = machines.count;
    const machine = machines.create(name, definition, program, homeOf(region), {
      roleArn,
      type,
      settings: { ...DEFAULT_SETTINGS, ...settings },
      published: publish ? (description ?? '') : undefined,
    });
    // Recorded: another role, and other tags, are ignored where the machine exists already.
    if (machines.count > before) tags.add(machine.arn, given);
    const version = publish ? machine.versions.publish(machine, description, clock.now()) : undefined;
    return {
      stateMachineArn: machine.arn,
      creationDate: toSeconds(machine.createdAt),
      ...(version && { stateMachineVersionArn: version.arn }),
    };
  },

  UpdateStateMachine({ checker }, { machines, clock }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const definition = checker.text('definition', { min: 1, max: MAX.definition });
    const roleArn = checker.text('roleArn', ARN);
    const description = checker.text('versionDescription', { max: MAX.description });
    const publish = checker.boolean('publish') ?? false;
    const settings = readSettings(checker);
    checker.done();
    const existing = machines.get(checkArn(arn, 'stateMachine'));
    const isEmpty = definition === undefined && roleArn === undefined && Object.keys(settings).length === 0;
    if (isEmpty) throw errors.missingParameter();
    if (roleArn !== undefined) checkRole(roleArn);
    if (description !== undefined && !publish) throw errors.versionDescription();
    checkSettings(settings);
    const machine = machines.update(existing, {
      ...(definition !== undefined && {
        definition: {
          text: definition,
          program: compiled(definition, (text) => compileMachine(text, existing.type)),
        },
      }),
      roleArn,
      settings,
    });
    const version = publish ? machine.versions.publish(machine, description, clock.now()) : undefined;
    return {
      updateDate: toSeconds(machine.updatedAt),
      ...(machine.revisionId !== undefined && { revisionId: machine.revisionId }),
      ...(version && { stateMachineVersionArn: version.arn }),
    };
  },

  DescribeStateMachine({ checker }, { machines, random }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const metadataOnly = readMetadataOnly(checker);
    checker.done();
    const { machine, versionArn } = machines.named(checkArn(arn, 'stateMachine'), random);
    const [, number] = splitQualified(versionArn ?? '');
    const version = machine.versions.get(Number(number));
    const described = describe(machine, metadataOnly);
    return {
      ...described,
      stateMachineArn: versionArn ?? machine.arn,
      status: machine.lifecycle.deleting ? 'DELETING' : 'ACTIVE',
      type: machine.type,
      creationDate: toSeconds(version?.createdAt ?? machine.createdAt),
      ...(version?.description !== undefined && { description: version.description }),
    };
  },

  DescribeStateMachineForExecution({ checker }, { executions }) {
    const arn = checker.requiredText('executionArn', ARN);
    const metadataOnly = readMetadataOnly(checker);
    checker.done();
    const { machine, startedBy } = executions.get(checkArn(arn, 'execution'));
    const { mapRun } = startedBy.parent ?? {};
    const [, label] = machine.arn.split('/');
    return {
      ...describe(machine, metadataOnly),
      updateDate: toSeconds(machine.updatedAt),
      ...(mapRun && { mapRunArn: mapRun.arn, label }),
    };
  },

  ListStateMachines({ operation, checker }, { machines }) {
    const page = checker.page(operation, MAX.listToken);
    checker.done();
    return listOf('stateMachines', pageOf(machines.all(), keyOf, page), summary);
  },

  DeleteStateMachine({ checker }, { machines, tags }) {
    const arn = checker.onlyArn('stateMachineArn', 'stateMachine');
    machines.delete(arn);
    tags.forget(arn);
    return {};
  },
};

/** The id of a revision that has none. API reference of Step Functions, PublishStateMachineVersion. */
const INITIAL = 'INITIAL';

const describeVersion = ({ arn, createdAt }: Version): object => ({
  stateMachineVersionArn: arn,
  creationDate: toSeconds(createdAt),
});

export const versionOperations: Record<string, Operation> = {
  PublishStateMachineVersion({ checker }, { machines, clock }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const description = checker.text('description', { max: MAX.description });
    const revisionId = checker.text('revisionId', { max: Infinity });
    checker.done();
    const machine = machines.get(checkArn(arn, 'stateMachine'));
    const { revisionId: current = INITIAL } = machine;
    if (revisionId !== undefined && revisionId !== current) throw errors.staleRevision(revisionId, current);
    const version = machine.versions.publish(machine, description, clock.now());
    return describeVersion(version);
  },

  DeleteStateMachineVersion({ checker }, { machines }) {
    const arn = checker.onlyArn('stateMachineVersionArn', 'stateMachine', MAX.longArn);
    const [machineArn, number] = splitQualified(arn);
    machines.find(machineArn)?.versions.delete(Number(number));
    return {};
  },

  ListStateMachineVersions({ operation, checker }, { machines }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const page = checker.page(operation, MAX.listToken);
    checker.done();
    const versions = machines.get(checkArn(arn, 'stateMachine')).versions.all();
    // The newest are listed first.
    const listed = pageOf(versions, ({ number }) => -number, page);
    return listOf('stateMachineVersions', listed, describeVersion);
  },
};
