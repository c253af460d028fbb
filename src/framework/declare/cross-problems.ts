import type { Problem } from '../errors.js';
import type { ActivityRef, HandlerDefinition } from './definition.js';

/** What is wrong between handlers that are each right by themselves. */
export function crossProblems(handlers: readonly HandlerDefinition[]): Problem[] {
  return [...sameActivity(handlers), ...sameName(handlers), ...declaredAccounts(handlers)];
}

function groupBy<T, K>(handlers: readonly T[], keyOf: (each: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>();
  for (const each of handlers) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return [...groups];
}

const named = (list: readonly { name: string }[]): string => list.map(({ name }) => name).join(' and ');
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

function declaredAccounts(handlers: readonly HandlerDefinition[]): Problem[] {
  return twoAccounts(
    handlers.flatMap(({ name, activity }) =>
      activity.kind === 'arn' ? [{ name, account: activity.account }] : [],
    ),
  );
}

/** Handlers whose activities lie in several accounts. @param handlers each with the account of its activity. */
export function twoAccounts(handlers: readonly { name: string; account: string }[]): Problem[] {
  const accounts = groupBy(handlers, ({ account }) => account);
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
