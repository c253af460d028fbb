import type { Problem } from '../errors.js';
import type { ActivityRef, HandlerDefinition } from './definition.js';

/** What is wrong between handlers that are each right by themselves. */
export function crossProblems(handlers: readonly HandlerDefinition[]): Problem[] {
  return [...sameActivity(handlers), ...sameName(handlers), ...twoAccounts(handlers)];
}

function groupBy<K>(handlers: readonly HandlerDefinition[], keyOf: (each: HandlerDefinition) => K) {
  const groups = new Map<K, HandlerDefinition[]>();
  for (const each of handlers) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return [...groups];
}

const named = (list: readonly HandlerDefinition[]): string => list.map(({ name }) => name).join(' and ');
const label = (ref: ActivityRef): string => (ref.kind === 'arn' ? ref.arn : ref.name);

function sameActivity(handlers: readonly HandlerDefinition[]): Problem[] {
  const shared = groupBy(handlers, ({ activity }) => label(activity)).filter(([, list]) => list.length > 1);
  return shared.map(([activity, list]) => ({
    code: 'HANDLER_DUPLICATE',
    where: named(list),
    what: `they all take the tasks of ${activity}; each task would go to any one of them`,
    fix: "keep one handler for the activity, or give each its own: @Handle({ activity: '…' })",
  }));
}

function sameName(handlers: readonly HandlerDefinition[]): Problem[] {
  const shared = groupBy(handlers, ({ name }) => name).filter(([, list]) => list.length > 1);
  return shared.map(([name, list]) => ({
    code: 'HANDLER_NAME_TWICE',
    where: name,
    what: `${list.length} classes have a handler of this name, so that neither logs nor the config's \`handlers\` can tell them apart`,
    fix: 'rename one of the classes',
  }));
}

function twoAccounts(handlers: readonly HandlerDefinition[]): Problem[] {
  const inAccounts = handlers.filter(({ activity }) => activity.kind === 'arn');
  const accounts = groupBy(inAccounts, ({ activity }) => (activity.kind === 'arn' ? activity.account : ''));
  if (accounts.length < 2) return [];
  return [
    {
      code: 'TWO_ACCOUNTS',
      where: 'activities',
      what: `they lie in ${accounts.length} accounts: ${accounts.map(([account, list]) => `${account} (${named(list)})`).join(', ')}`,
      fix: 'run a worker for each account: one worker has one set of credentials',
    },
  ];
}
