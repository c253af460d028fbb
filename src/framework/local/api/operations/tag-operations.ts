import { parseArn } from '../../../asl/values/arn.js';
import { errors } from '../../engine/service-error.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { Operation } from '../operation.js';
import { ARN } from '../request-validation.js';
import { readTags, TAG_KEY } from './machine-settings.js';

/** @throws ServiceError InvalidArn, or ResourceNotFound if there is neither a machine nor an activity of this ARN */
function checkResource(arn: string, { machines, activities }: StepFunctions): void {
  if (!parseArn(arn)) throw errors.invalidArn(`Invalid ARN prefix: ${arn}`);
  if (!machines.find(arn) && !activities.has(arn)) throw errors.noResource(arn);
}

export const tagOperations: Record<string, Operation> = {
  TagResource({ checker }, stepFunctions) {
    const arn = checker.requiredText('resourceArn', ARN);
    const tags = readTags(checker, true);
    checker.done();
    checkResource(arn, stepFunctions);
    stepFunctions.tags.add(arn, tags);
    return {};
  },

  UntagResource({ checker }, stepFunctions) {
    const arn = checker.requiredText('resourceArn', ARN);
    const keys = checker.strings('tagKeys', TAG_KEY);
    checker.done();
    checkResource(arn, stepFunctions);
    stepFunctions.tags.remove(arn, keys);
    return {};
  },

  ListTagsForResource({ checker }, stepFunctions) {
    const arn = checker.requiredText('resourceArn', ARN);
    checker.done();
    checkResource(arn, stepFunctions);
    return { tags: stepFunctions.tags.of(arn) };
  },
};
