import { type Problem, StartError } from '../../base/errors.js';
import type { MachineSource } from '../source/machine-source.js';
import type { Stack } from './stack.js';
import { Unresolved } from './template-node.js';

/** A state machine of a template. */
export interface StackMachine extends MachineSource {
  /** The logical id in the template. */
  readonly id: string;
  readonly arn: string;
  readonly path: string;
}

/** Stacks that are read together: the mistakes in them, and the values that they give each other. */
export class Deployment {
  /** All stacks, also nested ones. */
  readonly stacks: Stack[] = [];
  readonly machines: StackMachine[] = [];
  /** The ARNs of the activities. */
  readonly activities = new Set<string>();
  readonly problems: Problem[] = [];
  /** The problems that concern only a resource that is left out. */
  readonly warnings: Problem[] = [];
  /** The values that can't be resolved. What needs one of them is left out. */
  readonly unresolved: Problem[] = [];
  /** The machines that are left out, because they have a mistake: their logical ids and names. */
  readonly leftOut: { readonly id: string; readonly name: string }[] = [];
  /** The paths of the files that templates name, also of those that can't be read. */
  readonly files = new Set<string>();
  /** The names of values that were given as parameters and used. */
  readonly used = new Set<string>();

  /** Returns what `read` returns; undefined if it finds a mistake, which is then in the list of its kind. */
  async read<T>(read: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const list = error instanceof Unresolved ? this.unresolved : this.problems;
      for (const problem of error.problems)
        if (!list.some(({ where, what }) => where === problem.where && what === problem.what))
          list.push(problem);
      return undefined;
    }
  }

  /** Returns the value of an export: the one that was given, or that of another stack; undefined if there is none. */
  exported(name: string, reader: Stack): string | undefined {
    this.used.add(name);
    return reader.values.parameters.get(name) ?? this.shared('export', name, reader);
  }

  /** Returns a value that a stack in the same region and account shares by this name; undefined if none does. */
  shared(kind: 'export' | 'stored', name: string, { home }: Stack): string | undefined {
    for (const stack of this.stacks) {
      if (stack.home.region !== home.region || stack.home.account !== home.account) continue;
      for (const [id, node] of stack.section(kind === 'export' ? 'Outputs' : 'Resources')) {
        const isStored = node.type === 'AWS::SSM::Parameter';
        const named = isStored ? node.property('Name') : node.at('Export', 'Name');
        if (stack.attempt(named) === name && stack.isWanted(node)) return stack.valueOf(id, node);
      }
    }
    return undefined;
  }
}
