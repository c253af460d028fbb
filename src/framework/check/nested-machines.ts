import { parseServiceArn } from '../asl/definition/service-resource.js';
import type { JsonSchema } from '../declare/schema/dto-schema.js';
import { isPlainObject } from '../base/json.js';
import type { FoundAt } from './finding.js';
import { type Outputs, outputOf, type StateData } from './flow/flow.js';
import { isObjectShape, NUMBER, part, type Shape, TEXT, UNKNOWN } from './flow/shape.js';
import { type CheckedHandler, handlerOf } from './handlers.js';
import { machineInput } from './machine-input.js';
import { statesOf } from '../asl/definition/state-graph.js';
import { activityStates, type StateView } from './machine-states.js';
import { schemaMismatches } from './schema-mismatch.js';
import type { MachineSource } from './source/machine-source.js';

/** The machines of a project, as the Tasks of one another start them. */
export class NestedMachines {
  /** The machines whose outputs are being followed. A machine may start itself. */
  readonly #open = new Set<MachineSource>();

  constructor(
    private readonly machines: readonly MachineSource[],
    private readonly handlers: readonly CheckedHandler[],
  ) {}

  /** Finds the parts of a child's input that its first states would reject, whatever the input of the parent is. */
  mismatches(state: StateView, { given }: StateData): FoundAt[] {
    const child = this.#childOf(state.source['Resource'], given);
    if (!child) return [];
    const field = state.language === 'JSONata' ? 'Arguments' : 'Parameters';
    return schemaMismatches(inputOf(given), this.#inputSchema(child)).map(({ steps, what, fix, isSure }) => ({
      state,
      steps: [...state.steps, state.source[field] === undefined ? 'Resource' : field],
      found: {
        code: 'PAYLOAD_MISFIT',
        level: isSure ? 'error' : 'advice',
        what: `${steps.length > 0 ? `'${steps.join('.')}' in ` : ''}Input ${what}: an execution of '${child.name}' would fail`,
        fix,
      },
    }));
  }

  /** Returns what is known of the result of a Task that starts one of the machines; undefined for any other Task. */
  resultOf(resource: unknown, given: Shape, outputs: Outputs): Shape | undefined {
    const child = this.#childOf(resource, given);
    const pattern = /\.sync(:2)?$/.exec(String(resource));
    if (!child || !pattern) return undefined;
    const isJson = pattern[1] !== undefined;
    const Input = isJson ? inputOf(given) : TEXT;
    const Output = isJson ? this.#outputOf(child, outputs, Input) : TEXT;
    const included = { Included: true };
    return {
      ExecutionArn: TEXT,
      Name: TEXT,
      StateMachineArn: TEXT,
      Status: 'SUCCEEDED',
      Input,
      Output,
      InputDetails: included,
      OutputDetails: included,
      StartDate: NUMBER,
      StopDate: NUMBER,
      RedriveCount: NUMBER,
      RedriveStatus: TEXT,
      RedriveStatusReason: TEXT,
      StateMachineAliasArn: UNKNOWN,
      StateMachineVersionArn: UNKNOWN,
      TraceHeader: UNKNOWN,
    };
  }

  #outputOf(child: MachineSource, outputs: Outputs, input: Shape): Shape {
    if (this.#open.has(child)) return UNKNOWN;
    this.#open.add(child);
    const output = outputOf(child.definition, outputs, input);
    this.#open.delete(child);
    return output;
  }

  /** Returns the machine that a Task starts, by its name: a project may be deployed to any account. */
  #childOf(resource: unknown, given: Shape): MachineSource | undefined {
    const { resourceType, resource: action } = parseServiceArn(String(resource))?.details ?? {};
    const starts = resourceType === 'states' || resourceType === 'aws-sdk:sfn';
    if (!starts || !/^start(Sync)?Execution(\.|$)/.test(action ?? '')) return undefined;
    const arn = part(given, 'StateMachineArn');
    const [, name] =
      /^arn:[^:]*:states:[^:]*:[^:]*:stateMachine:([^:]+)/.exec(typeof arn === 'string' ? arn : '') ?? [];
    return this.machines.find((each) => each.name === name);
  }

  /** Returns the schema of the inputs with which the first states of a machine work. */
  #inputSchema({ definition }: MachineSource): JsonSchema {
    const arns = activityStates(definition, statesOf(definition)).map(({ activityArn }) => activityArn);
    const definitions: Record<string, JsonSchema> = {};
    const unclear = new Set<string>();
    for (const { schema } of arns.flatMap((arn) => handlerOf(this.handlers, arn) ?? []))
      for (const [name, each] of Object.entries(isPlainObject(schema['$defs']) ? schema['$defs'] : {})) {
        // Two classes may have one name.
        if (name in definitions && JSON.stringify(definitions[name]) !== JSON.stringify(each))
          unclear.add(name);
        definitions[name] = each as JsonSchema;
      }
    const of = (arn: string): JsonSchema | undefined => {
      const schema = handlerOf(this.handlers, arn)?.schema;
      const named = Object.keys(isPlainObject(schema?.['$defs']) ? schema['$defs'] : {});
      return named.some((name) => unclear.has(name)) ? undefined : schema;
    };
    return { ...machineInput(definition, { definitions, of }), $defs: definitions };
  }
}

/** Returns what is known of the input of a child. Without Input, it is an empty object. */
function inputOf(given: Shape): Shape {
  const input = part(given, 'Input') ?? (isObjectShape(given) ? {} : UNKNOWN);
  if (input === null) return {};
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input) as Shape;
  } catch {
    return UNKNOWN;
  }
}
