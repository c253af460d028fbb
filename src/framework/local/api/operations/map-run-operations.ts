import { toSeconds } from '../../engine/history.js';
import type { MapRun } from '../../engine/map-runs/map-run.js';
import { errors } from '../../engine/service-error.js';
import { listOf, pageOf } from '../../engine/pages.js';
import type { Operation } from '../operation.js';
import { ARN, checkArn, MAX } from '../request-validation.js';

/** The ARN of a Map Run may be longer than others. API reference of Step Functions, DescribeMapRun. */
const MAP_RUN_ARN = { ...ARN, max: MAX.longArn };

/** Measured at the live service: the concurrency of a Map Run without a limit. */
const UNLIMITED = 2_147_483_647;

function describe(run: MapRun): object {
  const { arn, executionArn, status, startedAt, endedAt, limits, redriveCount, redrivenAt } = run;
  const { maxConcurrency, toleratedCount = 0, toleratedPercentage = 0 } = limits;
  return {
    mapRunArn: arn,
    executionArn,
    status,
    startDate: toSeconds(startedAt),
    ...(endedAt !== undefined && { stopDate: toSeconds(endedAt) }),
    maxConcurrency: Math.min(maxConcurrency, UNLIMITED),
    toleratedFailurePercentage: toleratedPercentage,
    toleratedFailureCount: toleratedCount,
    itemCounts: run.items.described(status !== 'RUNNING'),
    executionCounts: run.executions.described(status !== 'RUNNING'),
    redriveCount,
    ...(redrivenAt !== undefined && { redriveDate: toSeconds(redrivenAt) }),
  };
}

function summary({ arn, executionArn, stateMachineArn, startedAt, endedAt }: MapRun): object {
  return {
    executionArn,
    mapRunArn: arn,
    stateMachineArn,
    startDate: toSeconds(startedAt),
    ...(endedAt !== undefined && { stopDate: toSeconds(endedAt) }),
  };
}

export const mapRunOperations: Record<string, Operation> = {
  ListMapRuns({ operation, checker }, { executions, mapRuns }) {
    const arn = checker.requiredText('executionArn', ARN);
    const page = checker.page(operation, MAX.listToken);
    checker.done();
    const runs = [...mapRuns.of(executions.get(checkArn(arn, 'execution')).arn).entries()];
    // The latest come first.
    const listed = pageOf(runs.toReversed(), ([at]) => -at, page);
    return listOf('mapRuns', listed, ([, run]) => summary(run));
  },

  DescribeMapRun({ checker }, { mapRuns }) {
    return describe(mapRuns.get(checker.onlyArn('mapRunArn', 'mapRun', MAX.longArn)));
  },

  UpdateMapRun({ checker }, { mapRuns }) {
    const arn = checker.requiredText('mapRunArn', MAP_RUN_ARN);
    const most = checker.integer('maxConcurrency', 0, UNLIMITED);
    const toleratedPercentage = checker.number('toleratedFailurePercentage', 0, 100);
    const toleratedCount = checker.integer('toleratedFailureCount', 0, Number.MAX_SAFE_INTEGER);
    checker.done();
    const run = mapRuns.get(checkArn(arn, 'mapRun'));
    if (run.status !== 'RUNNING')
      throw errors.invalidRequest('The Map Run has ended.', 'CANNOT_UPDATE_COMPLETED_MAP_RUN');
    run.update({
      ...(most !== undefined && { maxConcurrency: most === 0 ? Infinity : most }),
      ...(toleratedPercentage !== undefined && { toleratedPercentage }),
      ...(toleratedCount !== undefined && { toleratedCount }),
    });
    return {};
  },
};
