import { compileChoice } from './states/choice.js';
import { expressProblemsIn } from './definition/review.js';
import { isObject, type Json, type JsonObject, parseJson, readJson } from './values/json.js';
import { jsonMistake } from './values/json-scan.js';
import { faultsOf } from './jsonata/syntax.js';
import { jsonataLanguage } from './jsonata/jsonata-language.js';
import { jsonPath } from './jsonpath/jsonpath-language.js';
import type { Language } from './definition/query-language.js';
import { isType, KINDS, type StateType } from './kinds.js';
import { compileMap } from './states/map.js';
import { compileParallel } from './states/parallel.js';
import { compileFail, compilePass, compileSucceed } from './states/pass-succeed-fail.js';
import type { State, StateGroup } from './runtime/interpret.js';
import { TESTED_STATE } from './runtime/state-test.js';
import { meantName, proposal } from '../base/show.js';
import {
  type DefinitionProblem,
  LONGEST_SECONDS,
  Reader,
  repeatedName,
  repeatedNames,
} from './definition/reader.js';
import { compileState, type ActivityTask, type Compile, type DefinedTask } from './states/state.js';
import { compileTask } from './states/task.js';
import { assignedNames, checkTargets, NO_END, NO_TARGET } from './definition/state-graph.js';
import { compileWait } from './states/wait.js';

/** A compiled definition of a state machine. */
export interface Program extends StateGroup {
  /** TimeoutSeconds of the whole machine; undefined if the definition doesn't set it. */
  readonly timeoutSeconds: number | undefined;
  /** The Task states of the machine, in the order of the definition. Those inside a Parallel or a Map are included. */
  readonly tasks: readonly DefinedTask[];
  /** The names of all states of the machine. Those inside a Parallel or a Map are included. */
  readonly names: ReadonlySet<string>;
  /**
   * The names of the variables that each state reads, sorted. The key is the state's name. A state that reads no
   * variables has no entry.
   */
  readonly variableReferences: ReadonlyMap<string, readonly string[]>;
}

/** The type of a machine. It can't be changed. */
export type MachineType = 'STANDARD' | 'EXPRESS';

/** A version that is published in code, and the aliases that lead to it. */
export interface SeedVersion {
  readonly description?: string | undefined;
  readonly aliases?: readonly string[];
}

/** A state machine to create in code, not by a request to the API. */
export interface SeedMachine {
  readonly name: string;
  readonly definition: string;
  /** @default 'STANDARD' */
  readonly type?: MachineType;
  /**
   * The region in the machine's ARN. If it isn't given, it is taken from the ARN of the first activity that the machine
   * uses. The same is true of `account` and `partition`.
   */
  readonly region?: string;
  readonly account?: string;
  readonly partition?: string;
  /** The machine's role. @default a role of the local service */
  readonly roleArn?: string;
  /** Publishes the definition as a version, to which these aliases lead. @default no version */
  readonly version?: SeedVersion;
}

/** Thrown if a definition can't be run. `problems` contains all mistakes in the definition. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';

  constructor(readonly problems: readonly DefinitionProblem[]) {
    super(problems.map(describeProblem).join(', '));
  }
}

/** The code of each type of state. */
const COMPILE: Readonly<Record<StateType, Compile>> = {
  Task: compileTask,
  Wait: compileWait,
  Pass: compilePass,
  Succeed: compileSucceed,
  Fail: compileFail,
  Choice: compileChoice,
  Parallel: compileParallel,
  Map: compileMap,
};

const NAME_LIMIT = 80;
const NO_JSON = 'INVALID_JSON_DESCRIPTION';

/**
 * Compiles a definition to functions.
 * @param type the machine's type: an EXPRESS machine may not have every resource
 * @throws DefinitionError if the definition isn't valid, or uses a feature that the local service doesn't support
 */
export function compileMachine(definition: string, type?: MachineType): Program {
  const { program, problems } = readMachine(definition, type);
  if (problems.length > 0) throw new DefinitionError(problems);
  return program;
}

/**
 * Compiles a definition as far as possible, and lists its mistakes.
 * @throws DefinitionError if the text isn't a JSON object
 */
function readMachine(
  definition: string,
  type: MachineType = 'STANDARD',
): { program: Program; problems: readonly DefinitionProblem[] } {
  const source = parseDefinition(definition);
  const problems: DefinitionProblem[] = repeatedNames(definition);
  const program = new MachineCompiler().compile(new Reader(source, '', { problems, faults: faultsOf }));
  problems.push(...expressProblemsIn(source, type === 'EXPRESS'));
  return { program, problems };
}

/** One state of a definition, which is tested by itself. */
export interface TestedState {
  readonly state: State;
  readonly source: JsonObject;
  readonly language: Language['name'];
}

/**
 * Compiles a state to be tested by itself. Its targets need not be there, and a Map may be distributed, since its
 * iterations aren't run.
 * @param name the name of a state in the definition of a machine; undefined if the definition is that of the state
 * @returns undefined if there is no state of this name
 * @throws DefinitionError if the definition isn't valid
 */
export function compileTested(definition: string, name: string | undefined): TestedState | undefined {
  const parsed = parseDefinition(definition);
  const source: JsonObject =
    name === undefined ? { StartAt: TESTED_STATE, States: { [TESTED_STATE]: parsed } } : parsed;
  const problems: DefinitionProblem[] = [];
  const compiler = new MachineCompiler();
  compiler.compile(new Reader(source, '', { problems, faults: faultsOf }));
  const counted = problems.filter(
    ({ code, unsupported }) => !unsupported && (name !== undefined || !isGraph(code)),
  );
  if (counted.length > 0) throw new DefinitionError(counted);
  return compiler.tested.get(name ?? TESTED_STATE);
}

/** Returns true for the code of a problem with the targets of states. */
const isGraph = (code: string | undefined): boolean => code === NO_END || code === NO_TARGET;

/** Returns all mistakes because of which {@link compileMachine} would refuse a definition; none if it is valid. */
export function problemsIn(definition: string, type?: MachineType): readonly DefinitionProblem[] {
  try {
    return readMachine(definition, type).problems;
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems;
    throw error;
  }
}

function parseDefinition(definition: string): JsonObject {
  let source: Json = null;
  try {
    source = definition.trim() === '' ? null : readJson(definition);
  } catch (error) {
    throw new DefinitionError([
      { code: NO_JSON, path: '/', text: jsonMistake(definition)?.message ?? (error as Error).message },
    ]);
  }
  if (isObject(source)) return source;
  throw new DefinitionError([{ path: '/', text: 'Definition must be a valid JSON object', placeless: true }]);
}

/**
 * Returns a definition with the same states at the top level, each of which fails. It stands for one that isn't valid.
 * @param cause why it isn't
 */
export function failing(definition: string, cause: string): string {
  const { StartAt, States } = (parseJson(definition) ?? {}) as { StartAt?: Json; States?: JsonObject };
  const state = { Type: 'Fail', Error: 'Stepwright.DefinitionRefused', Cause: cause };
  const states = Object.keys(States ?? {}).map((name) => [name, state] as const);
  return JSON.stringify({ StartAt, States: Object.fromEntries(states) });
}

function describeProblem({ code = 'SCHEMA_VALIDATION_FAILED', path, text }: DefinitionProblem): string {
  return `${code}: ${text} at ${code === NO_END ? 'null' : path}`;
}

class MachineCompiler {
  readonly #tasks: DefinedTask[] = [];
  readonly #references = new Map<string, readonly string[]>();
  readonly #names = new Set<string>();
  readonly #labels = new Set<string>();
  /** Each state by its name, those in branches and iterations included. */
  readonly tested = new Map<string, TestedState>();

  compile(reader: Reader): Program {
    reader.string('Comment');
    const version = reader.string('Version');
    if (version !== undefined && version !== '1.0')
      reader.problem('Value should be one of the following: [1.0]', 'Version', 'write "1.0", or remove it');
    const timeoutSeconds = reader.integer('TimeoutSeconds', 1, LONGEST_SECONDS);
    const language = readLanguage(reader, jsonPath);
    const group = this.#group(reader, language, new Set());
    reader.finish();
    const [names, variableReferences] = [this.#names, this.#references];
    return { ...group, timeoutSeconds, tasks: this.#tasks, names, variableReferences };
  }

  /**
   * Compiles the states of the machine, of a branch or of an iteration.
   * @param outer the names of the variables that are set by the states around the branch or iteration
   */
  #group(reader: Reader, language: Language, outer: ReadonlySet<string>): StateGroup {
    const missing = ['States', 'StartAt'].filter((field) => !reader.has(field));
    if (missing.length > 0) {
      const fix = missing.map((field) => `write "${field}": …`).join(', ');
      reader.problem(`These fields are required: [${missing.join(', ')}]`, undefined, fix);
    }
    const startAt = reader.string('StartAt');
    const source = reader.object('States');
    const states = new Map<string, State>();
    if (!source) return { startAt: startAt ?? '', states };
    checkTargets(reader, source, startAt);
    const own = assignedNames(source);
    for (const name of own.keys()) if (outer.has(name)) source.problem(shadowed(name));
    for (const name of Object.keys(source.source)) {
      const state = source.object(name)?.asState();
      // Recorded from the live service: what only the state around a branch sets, as in its Catch, may be set in it too.
      const others = (): Set<string> => {
        const set = [...own].filter(([, by]) => by.size > 1 || !by.has(name)).map(([variable]) => variable);
        return new Set([...outer, ...set]);
      };
      if (state) states.set(name, this.#state(name, state, language, others));
    }
    return { startAt: startAt ?? '', states };
  }

  #state(name: string, reader: Reader, inherited: Language, visible: () => ReadonlySet<string>): State {
    if (name.length === 0 || name.length > NAME_LIMIT)
      reader.problem(`A state's name has 1 to ${NAME_LIMIT} characters`);
    if (this.#names.has(name)) reader.report(repeatedName(name, reader.path));
    this.#names.add(name);
    const language = readLanguage(reader, inherited);
    const type = reader.requiredString('Type');
    if (!isType(type)) {
      const types = Object.keys(KINDS);
      const meant = meantName(type, types);
      const text = `The field 'Type' should have one of these values: [${types.join(', ')}]`;
      reader.problem(text, 'Type', meant && proposal(meant));
      const refuse = (): Promise<never> => Promise.reject(new Error(`'${type}' is no type of state`));
      return { enter: () => {}, run: refuse, recover: refuse, test: refuse };
    }
    // A state's own query language isn't inherited by the states inside it: they inherit the machine's.
    const nested = (inner: Reader, isAlone = false): StateGroup =>
      this.#group(inner, inherited, isAlone ? new Set() : visible());
    const shared = { tasks: this.#tasks, references: this.#references, labels: this.#labels };
    const context = { name, language, inherited: inherited.name, nested, ...shared };
    const state = compileState(type, COMPILE[type], reader, context);
    this.tested.set(name, { state, source: reader.source, language: language.name });
    return state;
  }
}

/**
 * Reads the field QueryLanguage of the machine or of a state. States in JSONata are allowed in a machine in JSONPath,
 * but not the reverse. Measured at the live service: any value except `JSONPath` is treated as JSONata.
 */
function readLanguage(reader: Reader, inherited: Language): Language {
  const name = reader.json('QueryLanguage');
  if (name === undefined) {
    if (reader.path !== '') refuseForeign(reader, inherited);
    return inherited;
  }
  const language = name === 'JSONPath' ? jsonPath : jsonataLanguage;
  const isDowngrade = language === jsonPath && inherited === jsonataLanguage;
  if (isDowngrade) {
    reader.problem("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
    // Measured at the live service: it doesn't report the fields of the other language too.
    for (const field of language.foreign) reader.json(field);
  } else if (reader.path !== '') refuseForeign(reader, language);
  if (typeof name !== 'string') reader.problem('Expected value of type [STRING]', 'QueryLanguage');
  else if (name !== 'JSONPath' && name !== 'JSONata')
    reader.problem('Value should be one of the following: [JSONPath, JSONata]', 'QueryLanguage');
  return language;
}

/** Adds a problem for each field of a state that exists only in the other query language. */
function refuseForeign(reader: Reader, { name, foreign }: Language): void {
  const other = name === 'JSONPath' ? 'JSONata' : 'JSONPath';
  for (const field of foreign) {
    if (!Object.hasOwn(reader.source, field)) continue;
    reader.json(field);
    reader.problem(
      `The QueryLanguage is set to '${name}', but field '${field}' is only supported for the '${other}' QueryLanguage`,
    );
  }
}

function shadowed(name: string): string {
  return `The variable '${name}' is already set outside, where it cannot be set from here`;
}

/**
 * Returns the Task states of a definition whose resource is an activity. Those inside a Parallel or a Map are included.
 * @throws DefinitionError if Step Functions wouldn't accept the definition
 */
export function activityTasks(definition: string): ActivityTask[] {
  const { program, problems } = readMachine(definition);
  const mistakes = problems.filter(({ unsupported }) => !unsupported);
  if (mistakes.length > 0) throw new DefinitionError(mistakes);
  return program.tasks.flatMap(({ activity }) => activity ?? []);
}
