import type { JsonStep } from '../source/json-text.js';
import { isPlainObject } from '../../base/json.js';
import { groupsIn, kindOf } from '../../asl/kinds.js';
import type { DeadPath } from './paths.js';
import { inputPart, ListOf, merge, part, type Shape, textOf, UNKNOWN } from './shape.js';
import {
  type Edge,
  type FieldValue,
  type Json,
  type Known,
  type Language,
  StateFields,
} from './state-fields.js';

/** Returns the language of a machine or a state: its own, or else the one of the machine. */
const languageOf = (source: Json, inherited: Language): Language =>
  source['QueryLanguage'] === 'JSONata' ? 'JSONata' : inherited;

/** The knowledge of one state's data. */
export interface StateData {
  /** The value that the state's work is given: what Parameters or Arguments make, or the input. */
  readonly given: Shape;
  /** The paths in the state's fields that lead to nothing. */
  readonly dead: readonly DeadPath[];
  /** The values of fields such as Seconds. */
  readonly values: readonly FieldValue[];
}

/**
 * Returns the shape of the result of a Task: of the output of an activity's handler, by the activity's ARN; undefined if
 * it isn't known.
 * @param given the shape of the Task's input
 */
export type Outputs = (resource: string, given: Shape) => Shape | undefined;

/** A state is looked at again while more inputs can reach it. After so many times, nothing is taken as known. */
const MOST_VISITS = 12;

/**
 * Follows the data through a valid state machine, from its input, of which nothing is known, along every path. What is
 * returned of a state holds whenever it runs.
 * @returns what is known of each state's data, by the keys that lead to the state, as text
 */
export function followData(definition: string, outputs: Outputs): ReadonlyMap<string, StateData> {
  const flow = new Flow(outputs);
  follow(flow, definition, inputPart([]));
  return flow.states;
}

/** Returns what is known of the output of a valid state machine. @param input what is known of its input */
export const outputOf = (definition: string, outputs: Outputs, input: Shape): Shape =>
  follow(new Flow(outputs), definition, input);

function follow(flow: Flow, definition: string, input: Shape): Shape {
  const machine: unknown = JSON.parse(definition);
  if (!isPlainObject(machine)) return UNKNOWN;
  return flow.group(machine, [], languageOf(machine, 'JSONPath'), { input, variables: {}, item: undefined });
}

/** The keys that lead to a state, as one text. */
export const placeOf = (steps: readonly JsonStep[]): string => JSON.stringify(steps);

/** The states of a machine, of a branch or of an iteration. */
interface Group {
  readonly states: Json;
  readonly steps: readonly JsonStep[];
  readonly language: Language;
}

class Flow {
  readonly states = new Map<string, StateData>();

  constructor(private readonly outputs: Outputs) {}

  /** Follows the data through a group. @returns what is known of the group's output */
  group(source: Json, steps: readonly JsonStep[], language: Language, start: Known): Shape {
    const { States, StartAt } = source;
    const group: Group = {
      states: isPlainObject(States) ? States : {},
      steps: [...steps, 'States'],
      language,
    };
    const before = new Map<string, Known>();
    const visits = new Map<string, number>();
    const ends: Shape[] = [];
    const waiting: Edge[] = [{ to: StartAt, known: start }];
    for (let edge = waiting.pop(); edge; edge = waiting.pop()) {
      const { to, known } = edge;
      const state = typeof to === 'string' ? group.states[to] : undefined;
      if (typeof to !== 'string' || !isPlainObject(state)) {
        ends.push(known.input);
        continue;
      }
      const times = (visits.get(to) ?? 0) + 1;
      const joined = times > MOST_VISITS ? NOTHING_KNOWN(known) : join(before.get(to), known);
      if (same(before.get(to), joined)) continue;
      visits.set(to, times);
      before.set(to, joined);
      waiting.push(...this.#state(state, [...group.steps, to], group, joined));
    }
    return ends.length === 0 ? UNKNOWN : ends.reduce(merge);
  }

  #state(state: Json, steps: readonly JsonStep[], group: Group, known: Known): Edge[] {
    const language = languageOf(state, group.language);
    const fields = new StateFields(state, language, known);
    const given = fields.given();
    const result = this.#work(state, steps, group.language, known, fields, given);
    const edges = kindOf(state['Type'])?.leaves.includes('Choices') ? fields.choices() : fields.next(result);
    const all = [...edges, ...fields.catches()];
    // Several ways out of a state have the same OutputPath.
    const dead = new Map(fields.dead.map((each) => [placeOf([...each.steps, each.path]), each]));
    this.states.set(placeOf(steps), {
      given,
      dead: [...dead.values()],
      values: fields.values,
    });
    return all;
  }

  /**
   * Returns what is known of the result of a state's work.
   * @param language the language of the states inside it: that of the machine, not its own
   */
  #work(
    state: Json,
    steps: readonly JsonStep[],
    language: Language,
    known: Known,
    fields: StateFields,
    given: Shape,
  ): Shape {
    const { Type, Resource } = state;
    const { calls, holds, literal } = kindOf(Type) ?? {};
    if (calls) return (typeof Resource === 'string' ? this.outputs(Resource, given) : undefined) ?? UNKNOWN;
    if (literal !== undefined && state[literal] !== undefined) return state[literal];
    if (!holds) return given;
    const item = holds.as === 'iterations' ? fields.item() : undefined;
    const begun =
      item === undefined ? { ...known, input: given } : { ...known, input: fields.itemInput(item), item };
    const outputs = groupsIn(state).map((held) =>
      this.group(held.group, [...steps, ...held.steps], language, begun),
    );
    if (holds.as === 'branches') return outputs;
    const [output = UNKNOWN] = outputs;
    return MADE_OTHERWISE.some((field) => state[field] !== undefined) ? UNKNOWN : new ListOf(output);
  }
}

/** The fields of a Distributed Map whose result need not be a list of its iterations' outputs. */
const MADE_OTHERWISE = [
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentage',
  'ToleratedFailurePercentagePath',
];

/** Returns the names of what is known alone. */
const NOTHING_KNOWN = ({ variables, item }: Known): Known => ({
  input: UNKNOWN,
  variables: Object.fromEntries(Object.keys(variables).map((name) => [name, UNKNOWN])),
  item: item === undefined ? undefined : UNKNOWN,
});

/** Returns what is known where two paths meet. */
function join(a: Known | undefined, b: Known): Known {
  if (!a) return b;
  // A variable that only one of the paths assigns may be there.
  const names = Object.keys({ ...a.variables, ...b.variables });
  const variables = names.map((name): [string, Shape] => [
    name,
    merge(part(a.variables, name) ?? UNKNOWN, part(b.variables, name) ?? UNKNOWN),
  ]);
  return {
    input: merge(a.input, b.input),
    variables: Object.fromEntries(variables),
    item: a.item === undefined || b.item === undefined ? undefined : merge(a.item, b.item),
  };
}

const same = (a: Known | undefined, b: Known): boolean => a !== undefined && textOf(a) === textOf(b);
