import { runtimeFailure, type Soon, type StateData } from '../expression.js';
import type { ChoiceRule, Exit, Flow } from '../definition/query-language.js';
import type { Reader } from '../definition/reader.js';
import type { Branch } from '../runtime/branch.js';
import type { Compile, StateContext, WorkResult } from './state.js';

interface Option {
  readonly rule: ChoiceRule;
  readonly next: string;
}

/**
 * The Choice state. It continues with the Next of the first rule that is true, and applies that rule's Assign and
 * Output. If none is true, it continues with Default, and applies its own.
 */
export const compileChoice: Compile = (reader, context) => {
  const options = (reader.objects('Choices') ?? []).map((each) => readOption(each, context));
  if (options.length === 0) reader.problem("The field 'Choices' must have at least one rule", 'Choices');
  const otherwise = reader.string('Default');
  const choose = (branch: Branch, data: StateData, flow: Flow, from: number): Soon<WorkResult> => {
    for (let at = from; ; at++) {
      const option = options[at];
      if (!option) return { result: data.root, next: otherwise ?? noMatch() };
      const { rule, next } = option;
      const chosen = (): WorkResult => ({ result: data.root, next, exit: exitOf(rule, flow, context) });
      const isTrue = branch.evaluate((seen) => rule.test(seen), data);
      if (isTrue instanceof Promise)
        return isTrue.then((is) => (is ? chosen() : choose(branch, data, flow, at + 1)));
      if (isTrue) return chosen();
    }
  };
  return (branch, data, flow) => choose(branch, data, flow, 0);
};

function noMatch(): never {
  throw runtimeFailure(
    'Failed to transition out of the state. The state does not point to a next state.',
    'States.NoChoiceMatched',
  );
}

function readOption(reader: Reader, { language }: StateContext): Option {
  const next = reader.requiredString('Next');
  const rule = language.choiceRule(reader);
  reader.finish((field) => language.explainUnread(field));
  return { rule, next };
}

const unchanged = ({ input }: StateData): StateData['input'] => input;
const nothing = (): undefined => undefined;

function exitOf({ exit }: ChoiceRule, flow: Flow, { language }: StateContext): Exit {
  const output = exit.output ?? (language.name === 'JSONPath' ? flow.output.bind(flow) : unchanged);
  return { output, assign: exit.assign ?? nothing };
}
