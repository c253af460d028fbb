import type { DependencyContainer } from 'tsyringe';
import { useContainer } from '../../../declare/dto/class-validator.js';
import { resolveOnce } from '../container/registrations.js';
import { currentContainer } from '../context/current-task.js';

type RuleClass = new (...args: unknown[]) => object;

/** The rules of each container: what one keeps in its fields, no other worker, bed or task scope sees. */
const rules = new WeakMap<DependencyContainer, Map<RuleClass, object>>();

/**
 * Lets rules of class-validator that are classes (`@ValidatorConstraint`) live and have dependencies as the rest does:
 * one of each in the container of the task that is being validated. A call of `useContainer` by the user replaces this.
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
