import type { Problem } from '../../base/errors.js';
import type { ActivityRef, HandlerDefinition } from '../definition.js';
import type { Constructor } from '../class.js';

/** Finds handlers that are valid on their own but conflict with each other. */
export function conflictProblems(handlers: readonly HandlerDefinition[], fileOf: Files): Problem[] {
  return [...sameActivity(handlers, fileOf), ...sameName(handlers, fileOf), ...declaredAccounts(handlers)];
}

/** The file from which each class was loaded. Messages show it. */
type Files = ReadonlyMap<Constructor, string>;

function groupBy<T, K>(handlers: readonly T[], keyOf: (each: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>();
  for (const each of handlers) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return [...groups];
}

const named = (list: readonly { name: string }[]): string => list.map(({ name }) => name).join(' and ');
const label = (ref: ActivityRef): string => (ref.kind === 'arn' ? ref.arn : ref.name);

/**
 * Returns the files from which handlers' classes were loaded. Messages name them to distinguish classes that have the
 * same name.
 */
const inFiles = (list: readonly HandlerDefinition[], fileOf: Files): string[] => [
  ...new Set(list.flatMap(({ target }) => fileOf.get(target) ?? [])),
];

const several = (list: readonly unknown[]): boolean => list.length > 1;

function sameActivity(handlers: readonly HandlerDefinition[], fileOf: Files): Problem[] {
  const shared = groupBy(handlers, ({ activity }) => label(activity)).filter(([, list]) => several(list));
  return shared.map(([activity, list]) => {
    const all = list.length === 2 ? 'both' : 'all';
    const what = `they ${all} take the tasks of ${activity}: each task would go to any one of them`;
    const copies = inFiles(list, fileOf);
    const isCopied = new Set(list.map(({ name }) => name)).size === 1 && several(copies);
    return {
      code: 'HANDLER_DUPLICATE',
      where: isCopied ? (list[0]?.name ?? '') : named(list),
      what: isCopied ? `the class is in ${copies.join(' and in ')}, and ${what}` : what,
      fix: isCopied
        ? 'find out which of them is the copy, and remove both its source, if there is one, and its compiled file'
        : ownActivity(activity),
    };
  });
}

/**
 * Returns the advice for handlers that take the tasks of the same activity. @param activity the activity's name or ARN
 */
export const ownActivity = (activity: string): string =>
  `keep one of them; or, where both are needed, give one an activity of its own, as in @Handle({ activity: '${activity}-2' }), and name that in the state's Resource`;

/**
 * Finds handlers that have the same name but different activities. Handlers with the same activity are found by
 * `sameActivity`.
 */
function sameName(handlers: readonly HandlerDefinition[], fileOf: Files): Problem[] {
  const shared = groupBy(handlers, ({ name }) => name).filter(
    ([, list]) => new Set(list.map(({ activity }) => label(activity))).size > 1,
  );
  return shared.map(([name, list]) => {
    const copies = inFiles(list, fileOf);
    const where = several(copies) ? ` (${copies.join(', ')})` : '';
    return {
      code: 'HANDLER_NAME_TWICE',
      where: name,
      what: `${list.length} classes have a handler of this name${where}: neither the log nor \`handlers\` in the config could tell them apart`,
      fix: 'rename one of the classes',
    };
  });
}

function declaredAccounts(handlers: readonly HandlerDefinition[]): Problem[] {
  return twoAccounts(
    handlers.flatMap(({ name, activity }) =>
      activity.kind === 'arn' ? [{ name, account: activity.account }] : [],
    ),
  );
}

/**
 * Finds handlers whose activities are in different accounts.
 * @param handlers each handler with the account of its activity.
 */
export function twoAccounts(handlers: readonly { name: string; account: string }[]): Problem[] {
  const accounts = groupBy(handlers, ({ account }) => account);
  if (accounts.length < 2) return [];
  return [
    {
      code: 'TWO_ACCOUNTS',
      where: 'activities',
      what: `they are in ${accounts.length} accounts: ${accounts.map(([account, list]) => `${account} (${named(list)})`).join(', ')}`,
      fix: 'if one of them is a mistake, correct its ARN; else run a worker for each account, with a config of its own that lists its `activities`: node_modules/.bin/stepwright start --config PATH. One worker has one set of credentials',
    },
  ];
}
