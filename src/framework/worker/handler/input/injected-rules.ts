import type { DependencyContainer } from 'tsyringe';
import { useContainer } from '../../../declare/dto/class-validator.js';
import { resolveOnce } from '../../container/registrations.js';
import { currentContainer } from '../context/current-task.js';

type RuleClass = new (...args: unknown[]) => object;

/**
 * The instances of constraint classes (`@ValidatorConstraint`), separate for each container, so that workers, test beds
 * and tasks don't share them.
 */
const rules = new WeakMap<DependencyContainer, Map<RuleClass, object>>();

/**
 * Makes dependency injection work in constraint classes (`@ValidatorConstraint`): class-validator gets their instances
 * from the container of the task whose input is being validated. If the user's code calls `useContainer` too, the
 * user's container is used instead.
 */
useContainer(
  {
    get(type: RuleClass): object | undefined {
      const container = currentContainer();
      return container && ruleIn(container, type);
    },
  },
  { fallback: true },
);

function ruleIn(container: DependencyContainer, type: RuleClass): object {
  let own = rules.get(container);
  if (!own) rules.set(container, (own = new Map()));
  let rule = own.get(type);
  if (!rule) {
    const injected = type.length > 0 || container.isRegistered(type, true);
    own.set(type, (rule = injected ? resolveOnce(container, type) : new type()));
  }
  return rule;
}
