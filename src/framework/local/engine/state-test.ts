import { randomUUID } from 'node:crypto';
import type { Cancel } from '../../base/time/clock.js';
import type { TestedState } from '../../asl/machine.js';
import { Branch } from '../../asl/runtime/branch.js';
import type { Resources } from '../../asl/runtime/resource.js';
import type { RunningExecution, StateServices } from '../../asl/runtime/running-execution.js';
import { Scope } from '../../asl/runtime/scope.js';
import { Spellings } from '../../asl/runtime/payload-text.js';
import { StepCounter } from '../../asl/runtime/step-counter.js';
import type { StateTest, StateTestEnd } from '../../asl/runtime/state-test.js';
import { VariableScope } from '../../asl/runtime/variables.js';
import { formatArn } from '../../asl/values/arn.js';
import type { Json, JsonObject } from '../../asl/values/json.js';
import { contextOf } from './context-object.js';
import type { Home } from './machines/machines.js';

/** The longest time that the test of a state may take. AWS page "Using TestState API to test a state". */
const LONGEST_MS = 5 * 60_000;

/** One state with its input, tested by itself. There is no machine, no history, and no execution that can be found. */
export class StateTestExecution implements RunningExecution {
  readonly arn: string;
  readonly machineName = randomUUID();
  readonly stepCounter = new StepCounter();
  readonly spellings = new Spellings();
  readonly scope = new Scope();
  readonly context: JsonObject;
  readonly #variables = new VariableScope();
  #events = 1;
  #cancel: Cancel = () => {};

  constructor(
    readonly services: StateServices,
    readonly stateTest: StateTest,
    home: Home,
    roleArn: string | undefined,
    private readonly input: Json,
  ) {
    const [name, machineName] = [randomUUID(), this.machineName];
    this.arn = `${formatArn({ ...home, kind: 'express', name: machineName })}:${name}`;
    const machine = {
      arn: formatArn({ ...home, kind: 'stateMachine', name: machineName }),
      name: machineName,
      type: 'EXPRESS' as const,
      roleArn: roleArn ?? null,
    };
    // Recorded from the live service: it is that of an EXPRESS execution that is awaited.
    const facts = { arn: this.arn, name, machine, startedAt: services.clock.now() };
    this.context = contextOf({ ...facts, startedBy: { isAwaited: true } }, input);
  }

  /** Tests the state. The outcome is a failure if it takes longer than five minutes. */
  async run({ state }: TestedState, variables: JsonObject): Promise<StateTestEnd> {
    const texts = new Map(Object.entries(variables).map(([name, value]) => [name, JSON.stringify(value)]));
    this.#variables.assign(variables, texts);
    const branch = new Branch(this, this.scope, this.#variables, 0);
    try {
      return await new Promise<StateTestEnd>((resolve, reject) => {
        this.#cancel = this.services.clock.after(LONGEST_MS, () => resolve(TIMED_OUT));
        state.test(branch, this.input).then(resolve, reject);
      });
    } finally {
      this.stop();
    }
  }

  /** Ends the test without an outcome. */
  stop(): void {
    this.#cancel();
    this.scope.end();
  }

  /** The variables that a next state could read. */
  get variables(): JsonObject {
    return this.#variables.all();
  }

  get resources(): Resources {
    return this.services.resources;
  }

  isLive(): boolean {
    return !this.scope.ended;
  }

  onTransition(): void {}

  record(): number {
    return ++this.#events;
  }
}

const TIMED_OUT: StateTestEnd = { status: 'FAILED', error: 'States.Timeout', cause: undefined, details: {} };
