import { useEffect, useState } from 'preact/hooks';
import { readDefinition, type StateNode } from '../../model/definition.js';
import type { JsonSchema } from '../../model/schema/schema.js';
import { query } from '../../service/calls.js';

/** An input that the dialog offers, and the label of its button. */
export interface Suggestion {
  readonly word: string;
  readonly input: string;
}

/** The facts that are known of a machine's input. */
export interface KnownInput {
  readonly suggestions: readonly Suggestion[];
  /** The schema of the input; undefined if none is known. */
  readonly schema: JsonSchema | undefined;
}

interface StartedMachine {
  readonly arn: string;
  readonly definition: string;
}

/**
 * Asks what is known of a machine's input. The first suggestion is the one to begin with.
 * @param own the input of the execution that is run again; undefined if there is none
 */
export function useKnownInput(machine: StartedMachine, own: string | undefined): KnownInput {
  const given = own === undefined ? [] : [{ word: 'As it was', input: own }];
  const [known, setKnown] = useState<KnownInput>({ suggestions: given, schema: undefined });
  useEffect(() => {
    void knownInput(machine).then(({ suggestions, schema }) =>
      setKnown({ suggestions: [...given, ...suggestions], schema }),
    );
  }, []);
  return known;
}

const NOTHING = { input: null, schema: null, example: null };

/**
 * Returns the inputs that the dialog offers: that of the machine's last execution, and an example for the activity of
 * the first state, if it gets the input as it is. The schema is that of this activity too.
 */
async function knownInput(machine: StartedMachine): Promise<KnownInput> {
  const group = readDefinition(machine.definition);
  const first = group?.states.find(({ name }) => name === group.startAt);
  const activity = first && getsInput(first) ? first.activityArn : undefined;
  const [{ schema, example }, last] = await Promise.all([
    activity === undefined ? NOTHING : query('handlerInput', { activity }).catch(() => NOTHING),
    query('lastInput', { machine: machine.arn }).catch(() => NOTHING),
  ]);
  return {
    schema: schema ?? undefined,
    suggestions: [
      ...(last.input === null ? [] : [{ word: 'As the last one', input: last.input }]),
      ...(example === null ? [] : [{ word: 'Example', input: example }]),
    ],
  };
}

/** Returns true if a state's task gets the state's input unchanged. */
const getsInput = ({ source }: StateNode): boolean =>
  !['InputPath', 'Parameters', 'Arguments'].some((field) => field in source);
