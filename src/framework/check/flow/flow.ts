import { isPlainObject } from '../../base/plain-object.js';
import type { DeadPath, Environment } from './environment.js';
import { expressionsShape } from './expression-fields.js';
import { pathKeys, pathShape, templateShape } from './path-fields.js';
import { type Language, languageOf } from './query-language.js';
import { itemOf, ListOf, merge, replaced, type Shape, TEXT, UNKNOWN } from './shape.js';

type Json = Readonly<Record<string, unknown>>;
type Step = string | number;

/** The knowledge where a state begins: of its input, of the variables, and of the item of the innermost Map. */
type Known = Pick<Environment, 'input' | 'variables' | 'item'>;

/** The knowledge of one state's data. */
export interface StateData {
  /** The value that the state's work is given: what Parameters or Arguments make, or the input. */
  readonly given: Shape;
  /** The paths in the state's fields that lead to nothing. */
  readonly dead: readonly DeadPath[];
}

/** Returns the shape of the output of an activity's handler, by the activity's ARN; undefined if it isn't known. */
export type Outputs = (activityArn: string) => Shape | undefined;

/** A state is looked at again while more inputs can reach it. After so many times, nothing is taken as known. */
const MOST_VISITS = 12;

const FAILURE: Shape = { Error: TEXT, Cause: TEXT };

/**
 * Follows the data through a valid state machine, from its input, of which nothing is known, along every path. What is
 * returned of a state holds whenever it runs.
 * @returns what is known of each state's data, by the keys that lead to the state, as text
 */
export function followData(definition: string, outputs: Outputs): ReadonlyMap<string, StateData> {
  const machine: unknown = JSON.parse(definition);
  const flow = new Flow(outputs);
  if (isPlainObject(machine)) {
    const start: Known = { input: UNKNOWN, variables: {}, item: undefined };
    flow.group(machine, [], languageOf(machine, 'JSONPath'), start);
  }
  return flow.states;
}

/** The keys that lead to a state, as one text. */
export const placeOf = (steps: readonly Step[]): string => JSON.stringify(steps);

/** The states of a machine, of a branch or of an iteration. */
interface Group {
  readonly states: Json;
  readonly steps: readonly Step[];
  readonly language: Language;
}

/** A way out of a state: the next state, undefined at the end of the group, and what is known there. */
interface Edge {
  readonly to: unknown;
  readonly known: Known;
}

class Flow {
  readonly states = new Map<string, StateData>();

  constructor(private readonly outputs: Outputs) {}

  /** Follows the data through a group. @returns what is known of the group's output */
  group(source: Json, steps: readonly Step[], language: Language, start: Known): Shape {
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

  #state(state: Json, steps: readonly Step[], group: Group, known: Known): Edge[] {
    const language = languageOf(state, group.language);
    const walk = new StateWalk(state, language, known);
    const given = walk.given();
    const result = this.#work(state, steps, language, known, walk, given);
    const edges = state['Type'] === 'Choice' ? walk.choices() : walk.next(result);
    this.states.set(placeOf(steps), { given, dead: walk.dead });
    return [...edges, ...walk.catches()];
  }

  /** Returns what is known of the result of a state's work. */
  #work(
    state: Json,
    steps: readonly Step[],
    language: Language,
    known: Known,
    walk: StateWalk,
    given: Shape,
  ): Shape {
    const { Type, Resource, Branches } = state;
    if (Type === 'Task')
      return (typeof Resource === 'string' ? this.outputs(Resource) : undefined) ?? UNKNOWN;
    if (Type === 'Pass') return state['Result'] === undefined ? given : (state['Result'] as Shape);
    if (Type === 'Parallel' && Array.isArray(Branches))
      return Branches.filter(isPlainObject).map((branch, index) =>
        this.group(branch, [...steps, 'Branches', index], language, { ...known, input: given }),
      );
    if (Type !== 'Map') return given;
    const key = isPlainObject(state['ItemProcessor']) ? 'ItemProcessor' : 'Iterator';
    const processor = state[key];
    if (!isPlainObject(processor) || state['ItemReader'] !== undefined) return UNKNOWN;
    const item = walk.item();
    const input = walk.itemInput(item);
    return new ListOf(this.group(processor, [...steps, key], language, { ...known, input, item }));
  }
}

const NOTHING_KNOWN = ({ item }: Known): Known => ({
  input: UNKNOWN,
  variables: {},
  item: item === undefined ? undefined : UNKNOWN,
});

/** Returns what is known where two paths meet. */
function join(a: Known | undefined, b: Known): Known {
  if (!a) return b;
  const shared = Object.keys(a.variables).filter((name) => Object.hasOwn(b.variables, name));
  const variables = shared.map((name): [string, Shape] => [
    name,
    merge(a.variables[name] ?? UNKNOWN, b.variables[name] ?? UNKNOWN),
  ]);
  return {
    input: merge(a.input, b.input),
    variables: Object.fromEntries(variables),
    item: a.item === undefined || b.item === undefined ? undefined : merge(a.item, b.item),
  };
}

const same = (a: Known | undefined, b: Known): boolean => a !== undefined && textOf(a) === textOf(b);

/** Returns a text that differs for shapes that differ. */
const textOf = (known: Known): string =>
  JSON.stringify(known, (_key, value: unknown) => {
    if (!isPlainObject(value)) return value;
    return Object.getOwnPropertySymbols(value).length > 0 ? { open: Object.entries(value) } : value;
  });

/** Evaluates the fields of one state. */
class StateWalk {
  readonly dead: DeadPath[] = [];

  constructor(
    private readonly state: Json,
    private readonly language: Language,
    private readonly known: Known,
  ) {}

  /** Returns what is known of the value that the state's work is given. */
  given(): Shape {
    const key = this.language === 'JSONata' ? 'Arguments' : 'Parameters';
    const { Type } = this.state;
    const input = this.#selected('InputPath', this.known.input);
    return this.state[key] === undefined || Type === 'Map'
      ? input
      : this.#made(key, { ...this.known, input });
  }

  /** Returns what is known of each item of a Map. */
  item(): Shape {
    const input = this.#selected('InputPath', this.known.input);
    const items =
      this.language === 'JSONata'
        ? this.#made('Items', { ...this.known, input })
        : this.#selected('ItemsPath', input);
    return itemOf(items) ?? UNKNOWN;
  }

  /** Returns what is known of the input of each iteration of a Map. */
  itemInput(item: Shape): Shape {
    const key = this.state['ItemSelector'] === undefined ? 'Parameters' : 'ItemSelector';
    if (this.state[key] === undefined || this.state['ItemBatcher'] !== undefined)
      return this.state['ItemBatcher'] === undefined ? item : UNKNOWN;
    const input = this.#selected('InputPath', this.known.input);
    return this.#made(key, { ...this.known, input, item });
  }

  /** Returns the way to the next state, or to the end of the group. */
  next(result: Shape): Edge[] {
    const { Type, Next } = this.state;
    if (Type === 'Fail') return [];
    const environment = { ...this.known, result };
    const known = { ...this.known, variables: this.#assigned(this.state, environment) };
    return [{ to: Next, known: { ...known, input: this.#output(result, environment) } }];
  }

  /** Returns the ways out of a Choice. Its rules may have an Output and an Assign of their own. */
  choices(): Edge[] {
    const { Choices, Default } = this.state;
    const rules = (Array.isArray(Choices) ? Choices : []).filter(isPlainObject);
    const input = this.#selected('InputPath', this.known.input);
    const own = rules.map((rule) => this.#way(rule, rule['Next'], { ...this.known, input }));
    return Default === undefined ? own : [...own, this.#way(this.state, Default, { ...this.known, input })];
  }

  /** Returns the ways to the states that deal with a failure. */
  catches(): Edge[] {
    const { Catch } = this.state;
    const rules = (Array.isArray(Catch) ? Catch : []).filter(isPlainObject);
    return rules.map((rule) => {
      const environment = { ...this.known, errorOutput: FAILURE };
      if (this.language === 'JSONata') {
        const input =
          rule['Output'] === undefined ? FAILURE : this.#evaluated(rule['Output'], environment, []);
        return this.#edge(rule, rule['Next'], environment, input);
      }
      return this.#edge(rule, rule['Next'], environment, this.#placed(rule['ResultPath'], FAILURE));
    });
  }

  #way(rule: Json, to: unknown, environment: Environment): Edge {
    const input =
      rule['Output'] === undefined ? environment.input : this.#evaluated(rule['Output'], environment, []);
    return this.#edge(rule, to, environment, this.#selected('OutputPath', input));
  }

  #edge(rule: Json, to: unknown, environment: Environment, input: Shape): Edge {
    return { to, known: { input, variables: this.#assigned(rule, environment), item: this.known.item } };
  }

  #output(result: Shape, environment: Environment): Shape {
    if (this.language === 'JSONata') {
      const { Type, Output } = this.state;
      const works = Type === 'Task' || Type === 'Map' || Type === 'Parallel';
      if (Output === undefined) return works ? result : this.known.input;
      return this.#evaluated(Output, environment, this.dead, ['Output']);
    }
    const selector = this.state['ResultSelector'];
    const selected =
      selector === undefined
        ? result
        : templateShape(selector, { ...environment, input: result }, this.dead, ['ResultSelector']);
    return this.#selected('OutputPath', this.#placed(this.state['ResultPath'], selected));
  }

  /** Returns the input with a result at ResultPath; the result if there is no ResultPath. */
  #placed(path: unknown, result: Shape): Shape {
    if (path === null) return this.known.input;
    if (typeof path !== 'string') return result;
    const keys = pathKeys(path);
    return keys ? replaced(this.known.input, keys.map(String), result) : UNKNOWN;
  }

  /** Returns the part of a value that a field such as InputPath selects; the value if the field is absent. */
  #selected(key: 'InputPath' | 'OutputPath' | 'ItemsPath', input: Shape): Shape {
    const path: unknown = this.language === 'JSONata' ? undefined : this.state[key];
    if (path === undefined) return input;
    return path === null ? {} : pathShape(path, { ...this.known, input }, this.dead, [key]);
  }

  #made(key: string, environment: Environment): Shape {
    return this.#evaluated(this.state[key], environment, this.dead, [key]);
  }

  #evaluated(
    template: unknown,
    environment: Environment,
    dead: DeadPath[],
    steps: readonly Step[] = [],
  ): Shape {
    return this.language === 'JSONata'
      ? expressionsShape(template, environment, dead, steps)
      : templateShape(template, environment, dead, steps);
  }

  #assigned({ Assign }: Json, environment: Environment): Known['variables'] {
    const { variables } = this.known;
    if (!isPlainObject(Assign)) return variables;
    const names = Object.keys(Assign).map((name) => name.replace(/\.\$$/, ''));
    // JSONPath's templates read variables as well, which is not looked at: nothing is taken as known of them.
    if (this.language === 'JSONPath')
      return { ...variables, ...Object.fromEntries(names.map((name) => [name, UNKNOWN])) };
    const made = this.#evaluated(Assign, environment, []);
    return { ...variables, ...(made as Record<string, Shape>) };
  }
}
