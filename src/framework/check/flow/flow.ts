import { isPlainObject } from '../../base/plain-object.js';
import type { JsonSchema } from '../../declare/schema/dto-schema.js';
import type { DeadPath, Environment, Field } from './environment.js';
import { expressionTemplate } from './expression-fields.js';
import { leadsTo, pathKeys, pathShape, pathTemplate } from './path-fields.js';
import { type Language, languageOf } from './query-language.js';
import {
  EACH,
  type Fields,
  inputPart,
  isFields,
  isUnknown,
  itemOf,
  ListOf,
  merge,
  Missing,
  othersOf,
  replaced,
  type Shape,
  TEXT,
  UNKNOWN,
} from './shape.js';

type Json = Readonly<Record<string, unknown>>;
type Step = string | number;

/** The knowledge where a state begins: of its input, of the variables, and of the item of the innermost Map. */
type Known = Pick<Environment, 'input' | 'variables' | 'item'>;

/** The knowledge of one state's data. */
export interface StateData {
  /** The value that the state's work is given: what Parameters or Arguments make, or the input. */
  readonly given: Shape;
  /** The items of a Map. */
  readonly items: Shape;
  /** The paths in the state's fields that lead to nothing. */
  readonly dead: readonly DeadPath[];
  /** The values of fields such as Seconds. */
  readonly values: readonly FieldValue[];
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
    const start: Known = { input: inputPart([]), variables: {}, item: undefined };
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
    const result = this.#work(state, steps, group.language, known, walk, given);
    const edges = state['Type'] === 'Choice' ? walk.choices() : walk.next(result);
    const all = [...edges, ...walk.catches()];
    // Several ways out of a state have the same OutputPath.
    const dead = new Map(walk.dead.map((each) => [placeOf([...each.steps, each.path]), each]));
    this.states.set(placeOf(steps), {
      given,
      items: walk.items(),
      dead: [...dead.values()],
      values: walk.values,
    });
    return all;
  }

  /**
   * Returns what is known of the result of a state's work.
   * @param language the language of the states inside it: that of the machine, not its own
   */
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
    if (Type === 'Pass') return state['Result'] === undefined ? given : state['Result'];
    if (Type === 'Parallel' && Array.isArray(Branches))
      return Branches.filter(isPlainObject).map((branch, index) =>
        this.group(branch, [...steps, 'Branches', index], language, { ...known, input: given }),
      );
    if (Type !== 'Map') return given;
    const key = isPlainObject(state['ItemProcessor']) ? 'ItemProcessor' : 'Iterator';
    const processor = state[key];
    if (!isPlainObject(processor)) return UNKNOWN;
    const item = walk.item();
    const input = walk.itemInput(item);
    return new ListOf(this.group(processor, [...steps, key], language, { ...known, input, item }));
  }
}

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
    const others = othersOf(value as Fields);
    return others ? { open: Object.entries(value), others } : value;
  });

/** The fields that the work of a state reads, with the schemas of the values that they take. */
const WORK_FIELDS: Readonly<Record<string, JsonSchema>> = {
  Seconds: { type: 'integer' },
  TimeoutSeconds: { type: 'integer' },
  HeartbeatSeconds: { type: 'integer' },
  Timestamp: { type: 'string', format: 'date-time' },
  Error: { type: 'string' },
  Cause: { type: 'string' },
  Items: { type: 'array', items: {} },
  MaxConcurrency: {},
  ToleratedFailureCount: {},
  ToleratedFailurePercentage: {},
  Credentials: {},
  ItemReader: {},
  ItemBatcher: {},
  ResultWriter: {},
};

/** A value that a field of a state makes, and the schema of the values that the field takes. */
export interface FieldValue {
  readonly steps: readonly Step[];
  readonly value: Shape;
  readonly schema: JsonSchema;
}

/** Evaluates the fields of one state. */
class StateWalk {
  readonly dead: DeadPath[] = [];
  readonly values: FieldValue[] = [];
  /** The knowledge where the state's work begins: its input is what InputPath selects. */
  readonly #begun: Known;

  constructor(
    private readonly state: Json,
    private readonly language: Language,
    private readonly known: Known,
  ) {
    this.#begun = { ...known, input: this.#selected('InputPath', known, known.input) };
    for (const [key, schema] of Object.entries(WORK_FIELDS)) this.#read(key, schema);
  }

  /** Reads a field of the work: its value, or in JSONPath the one to which its path leads. */
  #read(key: string, schema: JsonSchema): void {
    const path = `${key}Path`;
    const isPath = this.language === 'JSONPath' && this.state[path] !== undefined;
    if (!isPath && this.state[key] === undefined) return;
    const steps = [isPath ? path : key];
    const value = isPath
      ? pathShape(this.state[path], this.#field(this.#begun, steps))
      : this.#made(this.state[key], this.#begun, steps);
    this.values.push({ steps, value, schema });
  }

  /** Returns what is known of the value that the state's work is given. */
  given(): Shape {
    const key = this.language === 'JSONata' ? 'Arguments' : 'Parameters';
    const { Type, Result } = this.state;
    const isRead = Type !== 'Map' && (Type !== 'Pass' || Result === undefined);
    const template = isRead ? this.state[key] : undefined;
    return template === undefined ? this.#begun.input : this.#made(template, this.#begun, [key]);
  }

  /** Returns what is known of each item of a Map. */
  item(): Shape {
    if (this.state['ItemReader'] !== undefined) return UNKNOWN;
    const items = this.items();
    const keys = isUnknown(items) ? items.from : undefined;
    return keys ? inputPart([...keys, EACH]) : (itemOf(items) ?? UNKNOWN);
  }

  /** Returns what is known of the items of a Map without an ItemReader. */
  items(): Shape {
    const items = this.values.find(({ schema }) => schema === WORK_FIELDS['Items']);
    return items?.value ?? this.#begun.input;
  }

  /** Returns what is known of the input of each iteration of a Map. */
  itemInput(item: Shape): Shape {
    const key = this.state['ItemSelector'] === undefined ? 'Parameters' : 'ItemSelector';
    const template = this.state[key];
    const made = template === undefined ? item : this.#made(template, { ...this.#begun, item }, [key]);
    return this.state['ItemBatcher'] === undefined ? made : UNKNOWN;
  }

  /** Returns the way to the next state, or to the end of the group. */
  next(result: Shape): Edge[] {
    const { Type, Next } = this.state;
    if (Type === 'Fail') return [];
    return [this.#exit(this.state, Next, { ...this.known, result }, this.#output(result))];
  }

  /** Returns the ways out of a Choice. Its rules may have an Output and an Assign of their own. */
  choices(): Edge[] {
    const { Choices, Default } = this.state;
    const rules = (Array.isArray(Choices) ? Choices : []).filter(isPlainObject);
    const asked = new Set(pathsAsked(rules));
    const ways = rules.flatMap((rule, index) => {
      const steps = ['Choices', index];
      const taken = this.#holds(rule, steps, asked);
      return taken ? [this.#way(rule, rule['Next'], steps)] : [];
    });
    return Default === undefined ? ways : [...ways, this.#way(this.state, Default, [])];
  }

  /** Reads the paths of a rule. Returns false if it never holds. */
  #holds(rule: Json, steps: readonly Step[], asked: ReadonlySet<unknown>): boolean {
    if (this.language === 'JSONPath') return this.#compares(rule, steps, asked);
    const at = [...steps, 'Condition'];
    const value = this.#made(rule['Condition'], this.#begun, at);
    this.values.push({ steps: at, value, schema: { type: 'boolean' } });
    return value !== false;
  }

  /** A rule that asks whether a field is there may read it, and no rule that asks for one which never is there holds. */
  #compares(rule: Json, steps: readonly Step[], asked: ReadonlySet<unknown>): boolean {
    let holds = true;
    for (const [key, value] of Object.entries(rule)) {
      const at = [...steps, key];
      if (key === 'Variable' ? !isAsked(String(value), asked) : key.endsWith('Path'))
        pathShape(value, this.#field(this.#begun, at));
      else if (key === 'Variable' && rule['IsPresent'] === true)
        holds = !(leadsTo(String(value), this.#begun).found instanceof Missing);
      else if (key === 'Not' && isPlainObject(value)) this.#compares(value, at, asked);
      else if (Array.isArray(value)) {
        const inner = value.map(
          (each, index) => !isPlainObject(each) || this.#compares(each, [...at, index], asked),
        );
        holds = key === 'And' ? !inner.includes(false) : inner.includes(true);
      }
    }
    return holds;
  }

  /** Returns the ways to the states that deal with a failure. */
  catches(): Edge[] {
    const { Catch } = this.state;
    const rules = (Array.isArray(Catch) ? Catch : []).filter(isPlainObject);
    return rules.map((rule, index) => {
      const environment = { ...this.known, errorOutput: FAILURE };
      const steps = ['Catch', index];
      const input =
        this.language === 'JSONPath'
          ? this.#placed(rule['ResultPath'], FAILURE)
          : this.#made(rule['Output'], environment, [...steps, 'Output'], FAILURE);
      return this.#exit(rule, rule['Next'], { ...environment, result: FAILURE }, input, steps);
    });
  }

  #way(rule: Json, to: unknown, steps: readonly Step[]): Edge {
    const { input } = this.#begun;
    const output =
      this.language === 'JSONata'
        ? this.#made(rule['Output'], this.#begun, [...steps, 'Output'], input)
        : this.#selected('OutputPath', this.known, input);
    return this.#exit(rule, to, { ...this.#begun, result: input }, output, steps);
  }

  #exit(rule: Json, to: unknown, environment: Environment, input: Shape, steps: readonly Step[] = []): Edge {
    const { variables, item } = this.known;
    // In JSONPath, Assign reads the result as its input.
    const { result = UNKNOWN } = environment;
    const read = this.language === 'JSONPath' ? { ...environment, input: result } : environment;
    const made = this.#made(rule['Assign'], read, [...steps, 'Assign'], {});
    return { to, known: { input, item, variables: { ...variables, ...(isFields(made) ? made : {}) } } };
  }

  #output(result: Shape): Shape {
    const { Type, Output, ResultSelector, ResultPath } = this.state;
    const environment = { ...this.known, result };
    if (this.language === 'JSONata') {
      const works = Type === 'Task' || Type === 'Map' || Type === 'Parallel';
      return this.#made(Output, environment, ['Output'], works ? result : this.known.input);
    }
    const read = { ...environment, input: result };
    const selected = this.#made(ResultSelector, read, ['ResultSelector'], result);
    return this.#selected('OutputPath', this.known, this.#placed(ResultPath, selected));
  }

  /** Returns the input with a result at ResultPath; the result if there is no ResultPath. */
  #placed(path: unknown, result: Shape): Shape {
    if (path === null) return this.known.input;
    if (typeof path !== 'string') return result;
    const keys = pathKeys(path);
    return keys ? replaced(this.known.input, keys.map(String), result) : UNKNOWN;
  }

  /** Returns the part of a value that InputPath or OutputPath selects; the value if the field is absent. */
  #selected(key: 'InputPath' | 'OutputPath', known: Known, input: Shape): Shape {
    const path: unknown = this.language === 'JSONata' ? undefined : this.state[key];
    if (path === undefined) return input;
    return path === null ? {} : pathShape(path, this.#field({ ...known, input }, [key]));
  }

  /** Returns what is known of the value that a template makes. @param absent that value if there is no template */
  #made(template: unknown, environment: Environment, steps: readonly Step[], absent: Shape = UNKNOWN): Shape {
    if (template === undefined) return absent;
    const make = this.language === 'JSONata' ? expressionTemplate : pathTemplate;
    return make(template, this.#field(environment, steps));
  }

  #field(environment: Environment, steps: readonly Step[]): Field {
    return { environment, steps, dead: this.dead };
  }
}

const isAsked = (path: string, asked: ReadonlySet<unknown>): boolean =>
  [...asked].some(
    (each) => path === each || ['.', '['].some((next) => path.startsWith(`${String(each)}${next}`)),
  );

/** Returns the paths of the fields that rules of a Choice ask for. */
function pathsAsked(rules: unknown): unknown[] {
  if (Array.isArray(rules)) return rules.flatMap(pathsAsked);
  if (!isPlainObject(rules)) return [];
  const { Variable, IsPresent, And, Or, Not } = rules;
  return IsPresent === undefined ? [And, Or, Not].flatMap(pathsAsked) : [Variable];
}
