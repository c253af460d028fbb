import type { MachineSource } from '../../check/source/machine-source.js';
import type { StackMachine } from '../../check/template/deployment.js';
import { throwProblems } from '../../base/errors.js';
import { isPlainObject } from '../../base/json.js';
import { didYouMean } from '../../base/show.js';
import { unusedProblem } from '../harness/options.js';

/** A state machine of a template, in place of a definition. */
export interface TemplateMachine {
  /** The path of a template of SAM or CloudFormation. */
  readonly template?: string;
  /** The folder that `cdk synth` has written, such as `cdk.out`, in place of `template`. */
  readonly cdk?: string;
  /** The machine's logical id or its name. @default the only machine of the template */
  readonly resource?: string;
  /** The values of parameters of the template, and of pseudo-parameters such as `AWS::Region`. @default {} */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Returns true for a machine of a template, and false for a definition. */
export const isTemplateMachine = (definition: object): definition is TemplateMachine =>
  isPlainObject(definition) &&
  !('States' in definition) &&
  (typeof definition['template'] === 'string' || typeof definition['cdk'] === 'string');

/** Reads a machine from its template. @throws StartError with what can't be resolved in it, and if there is none */
export async function readTemplateMachine(wanted: TemplateMachine): Promise<MachineSource> {
  const { readStacks } = await import('../../check/template/stacks.js');
  const { template, cdk, resource, parameters = {} } = wanted;
  const of = (path: string | undefined): string[] => (path === undefined ? [] : [path]);
  const stack = await readStacks({ templates: of(template), assemblies: of(cdk), parameters });
  throwProblems([...stack.problems, ...(stack.machines.length === 0 ? stack.warnings : [])]);
  const named = stack.machines.filter(
    ({ id, name }) => resource === undefined || resource === id || resource === name,
  );
  const [machine] = named;
  if (machine && named.length === 1) return machine;
  const isLeftOut = stack.leftOut.some(({ id, name }) => resource === id || resource === name);
  if (!machine && isLeftOut) throwProblems(stack.warnings);
  throwProblems([notOne(wanted, stack.machines)]);
  throw new Error('a problem was thrown');
}

function notOne(
  { template, cdk, resource }: TemplateMachine,
  machines: readonly StackMachine[],
): ReturnType<typeof unusedProblem> {
  const file = template ?? cdk ?? '';
  const ids = machines.map(({ id }) => id);
  return resource === undefined
    ? unusedProblem(
        file,
        `it has ${ids.length} state machines`,
        `name one: resource: one of ${ids.join(', ')}`,
      )
    : unusedProblem(
        `resource: '${resource}'`,
        `${file} has no such state machine`,
        didYouMean(resource, ids),
      );
}
