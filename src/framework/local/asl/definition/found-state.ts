import { isObject, type Json, type JsonObject } from '../values/json.js';

/** A state of a definition, at any depth. */
export interface FoundState {
  readonly name: string;
  /** The keys and indexes that lead to the state. */
  readonly steps: readonly (string | number)[];
  readonly source: JsonObject;
  readonly language: 'JSONPath' | 'JSONata';
  /** The Parallel and Map states in which the state is nested, the innermost first. */
  readonly around: readonly FoundState[];
}

/**
 * Yields every state of a definition, each before the states nested in it. What is no state by its JSON is left out.
 * States without a query language have that of the machine, not that of the state around them.
 */
export function* statesIn(machine: JsonObject): Generator<FoundState> {
  yield* statesOf(machine, [], languageOf(machine, 'JSONPath'), []);
}

const languageOf = (source: JsonObject, inherited: FoundState['language']): FoundState['language'] => {
  const { QueryLanguage: own } = source;
  return own === 'JSONata' || own === 'JSONPath' ? own : inherited;
};

function* statesOf(
  group: JsonObject,
  steps: FoundState['steps'],
  inherited: FoundState['language'],
  around: readonly FoundState[],
): Generator<FoundState> {
  const { States: states } = group;
  for (const [name, source] of isObject(states) ? Object.entries(states) : []) {
    if (!isObject(source)) continue;
    const at = [...steps, 'States', name];
    const state = { name, steps: at, source, language: languageOf(source, inherited), around };
    yield state;
    for (const [where, inner] of groupsIn(source))
      if (isObject(inner)) yield* statesOf(inner, [...at, ...where], inherited, [state, ...around]);
  }
}

/** Returns the branches and the iteration of a state, each with the steps from the state to it. */
function groupsIn({
  ItemProcessor,
  Iterator,
  Branches,
}: JsonObject): [FoundState['steps'], Json | undefined][] {
  const branches = Array.isArray(Branches) ? Branches : [];
  return [
    [['ItemProcessor'], ItemProcessor],
    [['Iterator'], Iterator],
    ...branches.map((each, at): [FoundState['steps'], Json] => [['Branches', at], each]),
  ];
}
