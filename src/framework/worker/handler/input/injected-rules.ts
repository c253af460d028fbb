import type { DependencyContainer } from 'tsyringe';
import { useContainer } from '../../../declare/dto/class-validator.js';
import { resolveOnce } from '../../container/registrations.js';
import { currentContainer } from '../context/current-task.js';

type RuleClass = new (...args: unknown[]) => object;

/**
 * The instances of constraint classes, by container. So an instance, with its fields, isn't shared between workers,
 * test beds or tasks.
 */
const rules = new WeakMap<DependencyContainer, Map<RuleClass, object>>();

/**
 * Makes constraint classes (`@ValidatorConstraint`) injectable: class-validator gets one instance of each from the
 * container of the task whose input is validated. If the user calls `useContainer`, that replaces this.
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
