import { useContainer } from 'class-validator';
import { resolveOnce } from '../container/registrations.js';
import { currentContainer } from '../current-task.js';

type RuleClass = new (...args: unknown[]) => object;

/** The rules without dependencies, which one instance serves for ever. */
const plain = new Map<RuleClass, object>();

/**
 * Lets rules of class-validator that are classes (`@ValidatorConstraint`) have injected dependencies: they come from
 * the container of the task that is being validated. A call of `useContainer` by the user replaces this.
 */
useContainer(
  {
    get(type: RuleClass): object | undefined {
      const container = currentContainer();
      if (container && (type.length > 0 || container.isRegistered(type, true))) {
        return resolveOnce(container, type);
      }
      return type.length > 0 ? undefined : plainRule(type);
    },
  },
  { fallback: true },
);

function plainRule(type: RuleClass): object {
  const rule = plain.get(type) ?? new type();
  plain.set(type, rule);
  return rule;
}
