import type { Problem } from '../../base/errors.js';
import { didYouMean, show } from '../../base/show.js';
import { type HandlerDefinition, methodName } from '../../declare/definition.js';
import { type Fault, FAULTS, unusedProblem } from '../harness/options.js';

/** Returns a problem for each fault that is set for an unknown handler, and for each unknown fault. */
export function unusedFaults(
  faults: Readonly<Record<string, readonly Fault[]>>,
  handlers: readonly HandlerDefinition[],
): Problem[] {
  const names = handlers.map(({ name }) => name);
  const methods = handlers.map(methodName);
  return Object.entries(faults).flatMap(([name, list]): Problem[] => {
    const where = `faults['${name}']`;
    if (!names.includes(name) && !methods.includes(name))
      return [unusedProblem(where, 'there is no such handler in this test machine', didYouMean(name, names))];
    const known: readonly unknown[] = FAULTS;
    return list
      .filter((fault) => !known.includes(fault))
      .map((fault) => unusedProblem(where, `there is no fault ${show(fault)}`, didYouMean(fault, FAULTS)));
  });
}

/**
 * A Task state of the machine under test. If it has no `activity`, a mock in `resources` can stand in for its resource.
 */
interface ResourceTask {
  readonly state: string;
  readonly resource: string;
  readonly activity?: unknown;
}

/** Returns a problem for each mock in `resources` that no Task of the machine calls. */
export function unusedResources(
  resources: object,
  machine: string,
  tasks: readonly ResourceTask[],
): Problem[] {
  const called = tasks.filter(({ activity }) => activity === undefined);
  const names = [...new Set(called.flatMap(({ state, resource }) => [`${machine}.${state}`, resource]))];
  const unused = Object.keys(resources).filter((name) => !names.includes(name));
  return unused.map((name) => {
    const onActivity = tasks.some(
      ({ state, activity }) => activity !== undefined && name.endsWith(`.${state}`),
    );
    const [what, fix] = onActivity ? ON_ACTIVITY : [NEVER_CALLED, didYouMean(name, names)];
    return unusedProblem(`resources['${name}']`, what, fix);
  });
}

const NEVER_CALLED = 'no Task of the machine calls it';
const ON_ACTIVITY = [
  'that Task is on an activity, so a handler answers it, and no resource',
  'remove this entry, and give the class of the handler in `activities`; what is injected there can be replaced by `mocks`',
] as const;
