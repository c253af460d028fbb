import { compileTried, type TriedState } from '../../asl/machine.js';
import type { Stage, Trial, TrialEnd } from '../../asl/runtime/trial.js';
import { bareText, parseJson, type Json } from '../../asl/values/json.js';
import { errors } from '../../engine/answers/service-error.js';
import { homeOf } from '../../engine/machines/machines.js';
import type { TrialExecution } from '../../engine/trial-execution.js';
import type { Operation } from '../operation.js';
import { compiled } from '../request-validation.js';
import { checkTrial } from './test-state-checks.js';
import { readTrialRequest, type TrialRequest } from './test-state-request.js';

function parsed(input: string): Json {
  const value = parseJson(input);
  if (value === undefined) throw errors.invalidInput('Invalid execution input.');
  return value;
}

/** Recorded from the live service: what is passed on as it was given is shown as it was given, with its white space. */
function keepTexts(
  { spellings }: TrialExecution,
  { input: text, mockText, contextText }: TrialRequest,
  input: Json,
  { mock: outcome, context }: Trial,
): void {
  spellings.keepParts(input, text);
  if (context && contextText !== undefined) spellings.keepParts(context, contextText);
  if (outcome?.kind === 'succeeded' && mockText !== undefined) spellings.keepParts(outcome.result, mockText);
}

function answer(
  end: TrialEnd,
  execution: TrialExecution,
  request: TrialRequest,
  tried: TriedState,
  input: Json,
  seen: ReadonlyMap<Stage, Json>,
): object {
  const text = (value: Json): string => execution.spellings.of(value) ?? JSON.stringify(value);
  const next = 'next' in end && end.next !== undefined ? { nextState: end.next } : {};
  const failed = end.status === 'SUCCEEDED' ? {} : { error: end.error, cause: end.cause };
  return {
    status: end.status,
    ...('output' in end && { output: text(end.output) }),
    ...failed,
    ...next,
    ...(request.level !== 'INFO' && {
      inspectionData: {
        input: text(input),
        ...shown(tried, seen, text),
        ...(end.status !== 'SUCCEEDED' &&
          Object.keys(end.details).length > 0 && { errorDetails: end.details }),
        ...(Object.keys(execution.variables).length > 0 && {
          variables: JSON.stringify(execution.variables),
        }),
      },
    }),
  };
}

const NUMBERS = new Set<Stage>(['maxConcurrency', 'toleratedFailureCount', 'toleratedFailurePercentage']);
const ITEMS = ['afterItemsPointer', 'afterItemSelector'] as const;
/** The values that are shown of each type of state besides its input, in JSONPath and in JSONata. Recorded. */
const SHOWN: Readonly<Record<string, { JSONPath: readonly Stage[]; JSONata: readonly Stage[] }>> = {
  Pass: {
    JSONPath: ['afterInputPath', 'afterParameters', 'afterResultSelector', 'afterResultPath'],
    JSONata: [],
  },
  Task: {
    JSONPath: ['afterInputPath', 'afterParameters', 'result', 'afterResultSelector', 'afterResultPath'],
    JSONata: ['afterArguments', 'result'],
  },
  Map: {
    JSONPath: [
      ...(['afterInputPath', 'afterItemsPath', ...ITEMS] as const),
      ...(['afterResultSelector', 'afterResultPath', ...NUMBERS] as const),
    ],
    JSONata: [...ITEMS, ...NUMBERS],
  },
  Parallel: { JSONPath: ['afterResultSelector', 'afterResultPath'], JSONata: [] },
};
const FIXED_RESULT: readonly Stage[] = ['result', 'afterResultSelector', 'afterResultPath'];

function shown(
  { source, language }: TriedState,
  seen: ReadonlyMap<Stage, Json>,
  text: (value: Json) => string,
): object {
  const type = bareText(source['Type'] ?? null);
  const kind = SHOWN[type] ?? { JSONPath: ['afterInputPath'], JSONata: [] };
  const isFixed = type === 'Pass' && language === 'JSONPath' && source['Result'] !== undefined;
  const stages: readonly Stage[] = isFixed ? FIXED_RESULT : kind[language];
  const members: Record<string, Json> = {};
  for (const stage of stages) {
    const value = seen.get(stage);
    if (value !== undefined) members[stage] = NUMBERS.has(stage) ? value : text(value);
  }
  return members;
}

export const testStateOperations: Record<string, Operation> = {
  async TestState({ checker, region, onClosed }, stepFunctions) {
    const request = readTrialRequest(checker);
    const input = parsed(request.input);
    const tried = compiled(request.definition, (text) => compileTried(text, request.stateName));
    if (!tried) throw errors.invalidRequest('State not found in definition');
    checkTrial(request, tried);
    const seen = new Map<Stage, Json>();
    const trial = { ...request.trial, see: (stage: Stage, value: Json) => void seen.set(stage, value) };
    const execution = stepFunctions.tryState(trial, homeOf(region), request.roleArn, input);
    onClosed(() => execution.stop());
    keepTexts(execution, request, input, trial);
    const end = await execution.run(tried, request.variables);
    return answer(end, execution, request, tried, input, seen);
  },
};
