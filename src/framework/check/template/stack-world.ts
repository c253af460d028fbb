import type { Problem } from '../../base/errors.js';
import { propertyOf, typeOf } from './template.js';
import { entryOf } from './template-node.js';
import type { Resolver } from './resolver.js';

/** Values of stacks by a name. Each belongs to a region of an account. */
type Values = Map<string, () => string>;

/** Stacks that are read together: what is wrong in them, and the values that they give each other. */
export class StackWorld {
  readonly problems: Problem[] = [];
  /** The problems that concern only a resource that is left out. */
  readonly warnings: Problem[] = [];
  /** The values that can't be resolved. What needs one of them is left out. */
  readonly unresolved: Problem[] = [];
  /** The machines that are left out, because a value of theirs can't be resolved: their logical ids and names. */
  readonly leftOut: { readonly id: string; readonly name: string }[] = [];
  /** The paths of the files that templates name, also of those that can't be read. */
  readonly files = new Set<string>();
  /** The names of values that were given as parameters and used. */
  readonly used = new Set<string>();
  /** The number of reports, also of problems that were known. */
  reports = 0;
  readonly #exports: Values = new Map();
  readonly #stored: Values = new Map();
  /** Set while an attempt runs. Its failures are no problems. */
  #attempt: { failed: boolean } | undefined;

  report(problem: Problem, list: Problem[] = this.problems): void {
    if (this.#attempt) {
      this.#attempt.failed = true;
      return;
    }
    this.reports++;
    if (!list.some(({ where, what }) => where === problem.where && what === problem.what)) list.push(problem);
  }

  /** Runs `read` without reporting anything. Returns undefined if there was something to report. */
  attempt<T>(read: () => T): T | undefined {
    const before = this.#attempt;
    const attempt = { failed: false };
    this.#attempt = attempt;
    try {
      const value = read();
      return attempt.failed ? undefined : value;
    } finally {
      this.#attempt = before;
    }
  }

  /** Adds the exports of a stack, and what it writes to Parameter Store. */
  add(stack: Resolver): void {
    const { outputs, resources } = stack.template;
    for (const [id, output] of outputs) {
      const name = stack.attempt(entryOf(entryOf(output, 'Export'), 'Name'));
      if (name !== undefined && stack.isWanted(output))
        this.#exports.set(key(stack, name), () => stack.output(id) ?? '');
    }
    for (const [, node] of resources) {
      const value = propertyOf(node, 'Value');
      if (typeOf(node) !== 'AWS::SSM::Parameter' || !value) continue;
      const name = stack.attempt(propertyOf(node, 'Name'));
      if (name !== undefined && stack.isWanted(node))
        this.#stored.set(key(stack, name), () => stack.text(value));
    }
  }

  /** Returns the value that another stack exports; undefined if none does. */
  readonly exported = (name: string, importer: Resolver): string | undefined =>
    this.#exports.get(key(importer, name))?.();

  /** Returns the value that a stack writes to Parameter Store; undefined if none does. */
  readonly stored = (name: string, reader: Resolver): string | undefined =>
    this.#stored.get(key(reader, name))?.();
}

const key = ({ home }: Resolver, name: string): string => `${home.account}:${home.region}:${name}`;
