import type { DependencyContainer } from 'tsyringe';
import { useContainer } from '../../../declare/dto/class-validator.js';
import { resolveOnce } from '../../container/registrations.js';
import { currentContainer } from '../context/current-task.js';

type RuleClass = new (...args: unknown[]) => object;

/**
 * The instances of constraint classes, by container. Their fields are thus not shared with another worker, bed or task.
 */
const rules = new WeakMap<DependencyContainer, Map<RuleClass, object>>();

/**
 * Makes constraint classes (`@ValidatorConstraint`) injectable: class-validator takes one instance of each class from
 * the container of the task whose input it validates. A user's own call of `useContainer` replaces this one.
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
