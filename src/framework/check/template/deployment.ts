import { type Problem, StartError } from '../../base/errors.js';
import type { Stack } from './stack.js';
import type { TemplateNode } from './template-node.js';

/** Stacks that are read together: the mistakes in them, and the values that they give each other. */
export class Deployment {
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
  readonly #shared = new Map<string, () => string>();
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

  /** Reads a file. Returns undefined if it has a mistake, which is reported. */
  async read<T>(file: () => Promise<T>): Promise<T | undefined> {
    try {
      return await file();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      for (const problem of error.problems) this.report(problem);
      return undefined;
    }
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
  add(stack: Stack): void {
    for (const [id, output] of stack.section('Outputs')) {
      const name = output.at('Export', 'Name');
      this.#share(stack, 'export', name, output, () => stack.output(id) ?? '');
    }
    for (const [, node] of stack.section('Resources')) {
      const value = node.property('Value');
      if (node.type === 'AWS::SSM::Parameter' && value)
        this.#share(stack, 'stored', node.property('Name'), node, () => stack.text(value));
    }
  }

  #share(
    stack: Stack,
    kind: Shared,
    name: TemplateNode | undefined,
    owner: TemplateNode,
    read: () => string,
  ): void {
    const text = stack.attempt(name);
    if (text !== undefined && stack.isWanted(owner)) this.#shared.set(keyOf(stack, kind, text), read);
  }

  /** Returns a value that a stack in the same region and account shares by this name; undefined if none does. */
  shared(kind: Shared, name: string, reader: Stack): string | undefined {
    return this.#shared.get(keyOf(reader, kind, name))?.();
  }
}

/** An export of a stack, or a value in Parameter Store. */
type Shared = 'export' | 'stored';

const keyOf = ({ home }: Stack, kind: Shared, name: string): string =>
  `${kind}:${home.account}:${home.region}:${name}`;
