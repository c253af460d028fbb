import type { HoldingField } from '../../asl/kinds.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { didYouMean } from '../../base/show.js';
import type { DefinedTask } from '../../asl/states/state.js';
import { unusedProblem } from '../harness/options.js';

/** The end of a resource whose Task waits until somebody sends a result or a failure with its token (a callback). */
const CALLBACK = '.waitForTaskToken';

/** Returns true if a Task with this resource waits until somebody sends a result or a failure with its task token. */
export const isCallback = (resource: unknown): resource is string =>
  typeof resource === 'string' && resource.endsWith(CALLBACK);

/** The states of a machine, and for each Task who ends its tasks: a handler, a mock or the test. */
export class MachineStates {
  constructor(
    private readonly names: readonly string[],
    private readonly tasks: readonly DefinedTask[],
    /** The names of the handlers, by the ARNs of the activities whose tasks they run. */
    private readonly handlers: ReadonlyMap<string, string>,
  ) {}

  /** @throws StartError if the machine has no state with this name */
  check(where: string, state: string): void {
    if (!this.names.includes(state)) throwProblems([this.#unknown(where, state)]);
  }

  /** @throws StartError if the state has no tasks, or a mock ends them */
  checkTask(state: string): void {
    const found = this.#find(state);
    if (!found) this.check('task', state);
    if (!found || !this.#isByHand(found)) throwProblems([this.#noTask(`task('${state}')`, found)]);
  }

  /** @throws StartError if a handler ends the tasks of this state, and not the test */
  checkNotHandled(state: string, byHand: readonly string[]): void {
    const handler = this.handlers.get(this.#find(state)?.activity?.activityArn ?? '');
    if (handler === undefined || byHand.includes(state)) return;
    throwProblems([
      unusedProblem(
        `task('${state}')`,
        `${handler} takes the tasks of this state, and has deferred none that waits now`,
        `to answer them in its place: machine.start(input, { byHand: ['${state}'] })`,
      ),
    ]);
  }

  #find(state: string): DefinedTask | undefined {
    return this.tasks.find((each) => each.state === state);
  }

  /** @throws StartError for each name that isn't a state whose tasks the test can end */
  checkByHand(names: readonly string[]): void {
    throwProblems(
      names.flatMap((state) => {
        const found = this.#find(state);
        if (!found && !this.names.includes(state)) return [this.#unknown('byHand', state)];
        return found && this.#isByHand(found) ? [] : [this.#noTask(`byHand: '${state}'`, found)];
      }),
    );
  }

  #isByHand(task: DefinedTask): boolean {
    return task.activity !== undefined || isCallback(task.resource);
  }

  #unknown(where: string, state: string): Problem {
    const what = `there is no such state in this machine`;
    return unusedProblem(`${where}: '${state}'`, what, didYouMean(state, this.names));
  }

  #noTask(where: string, task: DefinedTask | undefined): Problem {
    if (task)
      return unusedProblem(
        where,
        `the state calls ${task.resource}, which \`resources\` answers`,
        'give its answer in `resources`; a function there sees the input of each call',
      );
    const names = this.tasks.filter((each) => this.#isByHand(each)).map(({ state }) => state);
    return unusedProblem(where, 'the state has no task', didYouMean('', names));
  }
}

/**
 * The names of all states in a definition, including those inside Map and Parallel. It is `string` if the names aren't
 * known to the compiler: the definition is a path or a text, or its type has no names.
 */
export type StateName<Definition> = Definition extends { readonly States: object }
  ? NamesIn<Definition>
  : string;

type NamesIn<Machine> = Machine extends { readonly States: infer States }
  ? { [Name in keyof States & string]: Name | NamesBelow<States[Name]> }[keyof States & string]
  : never;

type NamesBelow<State> = {
  [Field in HoldingField & keyof State]: State[Field] extends readonly (infer Group)[]
    ? NamesIn<Group>
    : NamesIn<State[Field]>;
}[HoldingField & keyof State];
