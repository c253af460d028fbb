import { listOf, pageOf } from '../../engine/pages.js';
import { errors } from '../../engine/service-error.js';
import { toSeconds } from '../../engine/history.js';
import type { Alias, Machine, Route } from '../../engine/machines/machine.js';
import { splitQualified } from '../../engine/machines/machines.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { Operation } from '../operation.js';
import { ARN, checkArn, type Checker, MAX } from '../request-validation.js';

const PATTERN = '^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$';
const NAME_PATTERN = { regexp: new RegExp(PATTERN), shown: PATTERN };

/**
 * Reads the routing configuration of an alias. More than two routes, or a weight over 100, are reported with recorded
 * messages.
 */
function readRoutes(checker: Checker, required: boolean): Route[] | undefined {
  const routes = checker.objects('routingConfiguration', required)?.map((route) => ({
    versionArn: route.requiredText('stateMachineVersionArn', ARN),
    weight: route.integer('weight', 0, 100, true) ?? 0,
  }));
  if (!routes) return undefined;
  const at = 'routingConfiguration';
  if (routes.length === 0) checker.violate(at, " '[]'", 'Member must have length greater than or equal to 1');
  if (routes.length > 2) {
    const shown = routes.map(
      ({ versionArn, weight }) =>
        `RoutingConfigurationListItem(stateMachineVersionArn=${versionArn}, weight=${weight})`,
    );
    const constraint = 'Member must have length less than or equal to 2';
    checker.violate(at, ` '[${shown.join(', ')}]'`, constraint);
  }
  return routes;
}

const invalidRoutes = (message: string): Error =>
  errors.invalidRequest(message, 'INVALID_ROUTING_CONFIGURATION');

/**
 * Returns the machine to which the versions in all routes belong. The error messages were recorded.
 * @throws ServiceError ValidationException, or ResourceNotFound if a version doesn't exist
 */
function machineOf(routes: readonly Route[], { machines }: StepFunctions): Machine {
  const arns = routes.map(({ versionArn }) => versionArn);
  const split = arns.map(splitQualified);
  const must = 'Routing configuration must contain';
  if (!split.every(([, number]) => /^\d+$/.test(number ?? '')))
    throw invalidRoutes(`${must} state machine version ARNs. Received: [${arns.join(', ')}]`);
  if (new Set(arns).size < arns.length)
    throw invalidRoutes(`${must} distinct state machine version ARNs. Received: [${arns.join(', ')}]`);
  const weights = routes.map(({ weight }) => weight);
  if (weights.reduce((sum, weight) => sum + weight, 0) !== 100)
    throw invalidRoutes(
      `Sum of routing configuration weights must equal 100. Received: [${weights.join(', ')}]`,
    );
  const machineArn = split[0]?.[0] ?? '';
  const machine = machines.find(machineArn);
  const areThere = split.every(
    ([arn, number]) => arn === machineArn && machine?.versions.get(Number(number)),
  );
  if (!machine || !areThere) throw errors.noResource();
  return machine;
}

/** @throws ServiceError ResourceNotFound */
function findAlias(arn: string, { machines }: StepFunctions): { alias: Alias; machine: Machine } {
  const [machineArn, name = ''] = splitQualified(arn);
  const machine = machines.find(machineArn);
  const alias = machine?.versions.alias(name);
  if (!machine || !alias) throw errors.noResource();
  return { alias, machine };
}

const summary = ({ arn, createdAt }: Alias): object => ({
  stateMachineAliasArn: arn,
  creationDate: toSeconds(createdAt),
});

export const aliasOperations: Record<string, Operation> = {
  CreateStateMachineAlias({ checker }, stepFunctions) {
    const name = checker.requiredText('name', { min: 1, max: MAX.name, pattern: NAME_PATTERN, shown: true });
    const description = checker.text('description', { max: MAX.description });
    const routes = readRoutes(checker, true) ?? [];
    checker.done();
    const machine = machineOf(routes, stepFunctions);
    const alias = machine.versions.createAlias(
      { name, arn: `${machine.arn}:${name}`, description, routes },
      stepFunctions.clock.now(),
    );
    return summary(alias);
  },

  DescribeStateMachineAlias({ checker }, stepFunctions) {
    const { alias } = findAlias(checker.onlyArn('stateMachineAliasArn', 'stateMachine'), stepFunctions);
    return {
      ...summary(alias),
      name: alias.name,
      description: alias.description,
      routingConfiguration: alias.routes.map(({ versionArn: stateMachineVersionArn, weight }) => ({
        stateMachineVersionArn,
        weight,
      })),
      updateDate: toSeconds(alias.updatedAt),
    };
  },

  UpdateStateMachineAlias({ checker }, stepFunctions) {
    const arn = checker.requiredText('stateMachineAliasArn', ARN);
    const description = checker.text('description', { max: MAX.description });
    const routes = readRoutes(checker, false);
    checker.done();
    if (description === undefined && !routes)
      throw errors.invalidRequest(
        "'description' or 'routingConfiguration' must be given.",
        'MISSING_REQUIRED_PARAMETER',
      );
    const { alias, machine } = findAlias(checkArn(arn, 'stateMachine'), stepFunctions);
    if (routes && machineOf(routes, stepFunctions) !== machine) throw errors.noResource();
    const now = stepFunctions.clock.now();
    const { updatedAt } = machine.versions.updateAlias(alias, { description, routes }, now);
    return { updateDate: toSeconds(updatedAt) };
  },

  DeleteStateMachineAlias({ checker }, { machines }) {
    const arn = checker.onlyArn('stateMachineAliasArn', 'stateMachine');
    const [machineArn, name = ''] = splitQualified(arn);
    machines.find(machineArn)?.versions.deleteAlias(name);
    return {};
  },

  ListStateMachineAliases({ operation, checker }, { machines }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const page = checker.page(operation, MAX.listToken);
    checker.done();
    const [machineArn, version] = splitQualified(checkArn(arn, 'stateMachine'));
    const { versions } = machines.get(machineArn);
    if (version !== undefined && !versions.get(Number(version))) throw errors.noResource();
    const aliases = versions.aliases(version === undefined ? undefined : arn);
    const listed = pageOf(aliases, ({ order }) => order, page);
    return listOf('stateMachineAliases', listed, summary);
  },
};
