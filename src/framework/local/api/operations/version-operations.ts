import { pageOf } from '../../engine/answers/pages.js';
import { errors } from '../../engine/answers/service-error.js';
import { toSeconds } from '../../engine/history.js';
import { splitQualified } from '../../engine/machines/machines.js';
import type { Operation } from '../operation.js';
import { ARN, checkArn, MAX } from '../request-validation.js';

/** The id of a revision that has none. API reference of Step Functions, PublishStateMachineVersion. */
const INITIAL = 'INITIAL';

export const versionOperations: Record<string, Operation> = {
  PublishStateMachineVersion({ checker }, { machines, clock }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const description = checker.text('description', { max: MAX.description });
    const revisionId = checker.text('revisionId', { max: Infinity });
    checker.done();
    const machine = machines.get(checkArn(arn, 'stateMachine'));
    const { revisionId: current = INITIAL } = machine;
    if (revisionId !== undefined && revisionId !== current) throw errors.staleRevision(revisionId, current);
    const version = machine.book.publish(machine, description, clock.now());
    return { creationDate: toSeconds(version.createdAt), stateMachineVersionArn: version.arn };
  },

  DeleteStateMachineVersion({ checker }, { machines }) {
    const arn = checker.onlyArn('stateMachineVersionArn', 'stateMachine', MAX.longArn);
    const [machineArn, number] = splitQualified(arn);
    machines.find(machineArn)?.book.deleteVersion(Number(number));
    return {};
  },

  ListStateMachineVersions({ operation, checker }, { machines }) {
    const arn = checker.requiredText('stateMachineArn', ARN);
    const page = checker.page(operation, MAX.listToken);
    checker.done();
    const versions = machines.get(checkArn(arn, 'stateMachine')).book.versions();
    // The newest are listed first.
    const { items, ...rest } = pageOf(versions, ({ number }) => String(1e9 - number), page);
    const listed = items.map((each) => ({
      stateMachineVersionArn: each.arn,
      creationDate: toSeconds(each.createdAt),
    }));
    return { stateMachineVersions: listed, ...rest };
  },
};
