import { isPlainObject } from '../../base/json.js';
import type { JsonSchema } from '../../declare/schema/dto-schema.js';
import { kindOf, type StateKind } from '../../asl/kinds.js';
import { LONGEST_SECONDS } from '../../asl/definition/reader.js';
import {
  type DeadPath,
  type Environment,
  expressionTemplate,
  type StateField,
  leadsTo,
  pathKeys,
  pathShape,
  pathTemplate,
} from './paths.js';
import {
  EACH,
  inputPart,
  isObjectShape,
  isUnknown,
  itemOf,
  Missing,
  replaced,
  type Shape,
  TEXT,
  UNKNOWN,
  ListOf,
} from './shape.js';
import type { JsonStep } from '../source/json-text.js';

export type Json = Readonly<Record<string, unknown>>;
export type Language = 'JSONPath' | 'JSONata';

/** The knowledge where a state begins: of its input, of the variables, and of the item of the innermost Map. */
export type Known = Pick<Environment, 'input' | 'variables' | 'item'>;

/** A way out of a state: the next state, undefined at the end of the group, and what is known there. */
export interface Edge {
  readonly to: unknown;
  readonly known: Known;
}

const FAILURE: Shape = { Error: TEXT, Cause: TEXT };

/** The fields that the work of a state reads, with the schemas of the values that they take. */
const WORK_FIELDS: Readonly<Record<string, JsonSchema>> = {
  Seconds: { type: 'integer', minimum: 0, maximum: LONGEST_SECONDS },
  TimeoutSeconds: { type: 'integer', minimum: 1, maximum: LONGEST_SECONDS },
  HeartbeatSeconds: { type: 'integer', minimum: 1, maximum: LONGEST_SECONDS },
  Timestamp: { type: 'string', format: 'date-time' },
  Error: { type: 'string' },
  Cause: { type: 'string' },
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
  readonly steps: readonly JsonStep[];
  readonly value: Shape;
  readonly schema: JsonSchema;
}

/** Evaluates the fields of one state. */
export class StateFields {
  readonly dead: DeadPath[] = [];
  readonly values: FieldValue[] = [];
  /** The knowledge where the state's work begins: its input is what InputPath selects. */
  readonly #begun: Known;
  readonly #kind: StateKind | undefined;
  /** The items of a Map. */
  readonly #items: Shape;

  constructor(
    private readonly state: Json,
    private readonly language: Language,
    private readonly known: Known,
  ) {
    this.#begun = { ...known, input: this.#selected('InputPath', known, known.input) };
    this.#kind = kindOf(state['Type']);
    const isListed = this.#kind?.holds?.as === 'iterations' && state['ItemReader'] === undefined;
    this.#items = isListed ? this.#listed() : UNKNOWN;
    for (const [key, schema] of Object.entries(WORK_FIELDS)) this.#read(key, schema);
  }

  /** Reads a field of the work: its value, or in JSONPath the one to which its path leads. */
  #read(key: string, schema: JsonSchema): Shape | undefined {
    const path = `${key}Path`;
    const isPath = this.language === 'JSONPath' && this.state[path] !== undefined;
    if (!isPath && this.state[key] === undefined) return undefined;
    const steps = [isPath ? path : key];
    const value = isPath
      ? pathShape(this.state[path], this.#field(this.#begun, steps))
      : this.#made(this.state[key], this.#begun, steps);
    this.values.push({ steps, value, schema });
    return value;
  }

  /** Reads the items of a Map: a list, or in Distributed mode an object too. */
  #listed(): Shape {
    const { ProcessorConfig } = isPlainObject(this.state['ItemProcessor']) ? this.state['ItemProcessor'] : {};
    const isOnlyList = !isPlainObject(ProcessorConfig) || ProcessorConfig['Mode'] !== 'DISTRIBUTED';
    const schema = isOnlyList ? { type: 'array', items: {} } : {};
    const written = this.#read('Items', schema);
    if (written !== undefined) return written;
    this.values.push({ steps: [], value: this.#begun.input, schema });
    return this.#begun.input;
  }

  /** Returns what is known of the value that the state's work is given. */
  given(): Shape {
    const key = this.language === 'JSONata' ? 'Arguments' : 'Parameters';
    const { flow, literal } = this.#kind ?? {};
    const isRead = flow?.arguments && (literal === undefined || this.state[literal] === undefined);
    const template = isRead ? this.state[key] : undefined;
    return template === undefined ? this.#begun.input : this.#made(template, this.#begun, [key]);
  }

  /** Returns what is known of each item of a Map. */
  item(): Shape {
    const keys = isUnknown(this.#items) ? this.#items.from : undefined;
    return keys ? inputPart([...keys, EACH]) : (itemOf(this.#items) ?? UNKNOWN);
  }

  /** Returns what is known of the input of each iteration of a Map. */
  itemInput(item: Shape): Shape {
    const key = this.state['ItemSelector'] === undefined ? 'Parameters' : 'ItemSelector';
    const template = this.state[key];
    const made = template === undefined ? item : this.#made(template, { ...this.#begun, item }, [key]);
    const batcher = this.state['ItemBatcher'];
    if (batcher === undefined) return made;
    const { BatchInput: given } = isPlainObject(batcher) ? batcher : {};
    const batchInput = given !== undefined && {
      BatchInput: this.#made(given, this.#begun, ['ItemBatcher', 'BatchInput']),
    };
    return { ...batchInput, Items: new ListOf(made) };
  }

  /** Returns the way to the next state, or to the end of the group. */
  next(result: Shape): Edge[] {
    if (this.#kind?.fails) return [];
    return [this.#exit(this.state, this.state['Next'], { ...this.known, result }, this.#output(result))];
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
  #holds(rule: Json, steps: readonly JsonStep[], asked: ReadonlySet<unknown>): boolean {
    if (this.language === 'JSONPath') return this.#compares(rule, steps, asked);
    const at = [...steps, 'Condition'];
    const value = this.#made(rule['Condition'], this.#begun, at);
    this.values.push({ steps: at, value, schema: { type: 'boolean' } });
    return value !== false;
  }

  /** A rule that asks whether a field is there may read it, and no rule that asks for one which never is there holds. */
  #compares(rule: Json, steps: readonly JsonStep[], asked: ReadonlySet<unknown>): boolean {
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

  #way(rule: Json, to: unknown, steps: readonly JsonStep[]): Edge {
    const { input } = this.#begun;
    const output =
      this.language === 'JSONata'
        ? this.#made(rule['Output'], this.#begun, [...steps, 'Output'], input)
        : this.#selected('OutputPath', this.known, input);
    return this.#exit(rule, to, { ...this.#begun, result: input }, output, steps);
  }

  #exit(
    rule: Json,
    to: unknown,
    environment: Environment,
    input: Shape,
    steps: readonly JsonStep[] = [],
  ): Edge {
    const { variables, item } = this.known;
    // In JSONPath, Assign reads the result as its input.
    const { result = UNKNOWN } = environment;
    const read = this.language === 'JSONPath' ? { ...environment, input: result } : environment;
    const made = this.#made(rule['Assign'], read, [...steps, 'Assign'], {});
    return { to, known: { input, item, variables: { ...variables, ...(isObjectShape(made) ? made : {}) } } };
  }

  #output(result: Shape): Shape {
    const { Output, ResultSelector, ResultPath } = this.state;
    const environment = { ...this.known, result };
    if (this.language === 'JSONata') {
      const otherwise = this.#kind?.flow.selector ? result : this.known.input;
      return this.#made(Output, environment, ['Output'], otherwise);
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
  #made(
    template: unknown,
    environment: Environment,
    steps: readonly JsonStep[],
    absent: Shape = UNKNOWN,
  ): Shape {
    if (template === undefined) return absent;
    const make = this.language === 'JSONata' ? expressionTemplate : pathTemplate;
    return make(template, this.#field(environment, steps));
  }

  #field(environment: Environment, steps: readonly JsonStep[]): StateField {
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
