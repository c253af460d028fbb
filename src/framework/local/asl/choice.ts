import { compileRule, type Rule } from './choice-rule.js';
import { StateFailure } from './failure.js';
import type { Exit } from './language.js';
import type { Reader } from './reader.js';
import type { Kind, StateContext } from './state.js';

interface Option {
  readonly rule: Rule;
  readonly next: string;
  readonly exit: Exit | undefined;
}

/** Goes where its first rule that holds points to. */
export const choiceKind: Kind = {
  parts: {},
  leaves: 'choice',
  compile(reader, context) {
    const options = (reader.objects('Choices') ?? []).map((each) => readOption(each, context));
    if (options.length === 0) reader.problem("The field 'Choices' must have at least one rule", 'Choices');
    const otherwise = reader.string('Default');
    return async (thread, view) => {
      for (const { rule, next } of options) {
        if (await thread.scope.keep(rule(view))) return { result: view.root, next };
      }
      if (otherwise !== undefined) return { result: view.root, next: otherwise };
      throw new StateFailure(
        'States.NoChoiceMatched',
        thread.explain(
          `Failed to transition out of the state. The state does not have a 'Default' and no rule matched.`,
        ),
      );
    };
  },
};

function readOption(reader: Reader, { language }: StateContext): Option {
  const next = reader.requiredString('Next');
  const rule = compileRule(reader, language);
  reader.finish((field) => language.explainUnread(field));
  return { rule, next, exit: undefined };
}
