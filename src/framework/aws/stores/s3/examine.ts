import type { StoreFinding } from '../../../base/store/store.js';

/** A rule of a bucket's lifecycle, as far as it is used. */
export interface LifecycleRule {
  readonly ID?: string;
  readonly Status?: string;
  /** The older place of the prefix. */
  readonly Prefix?: string;
  readonly Filter?: {
    readonly Prefix?: string;
    readonly And?: unknown;
    readonly Tag?: unknown;
    readonly ObjectSizeGreaterThan?: number;
    readonly ObjectSizeLessThan?: number;
  };
  readonly Expiration?: { readonly Days?: number };
  readonly Transitions?: readonly { readonly StorageClass?: string }[];
}

const EXPECTED = 'a rule that deletes objects some days after they were written';

/** Looks if a bucket's rules delete a store's objects, and if they archive none, since those can't be read. */
export function lookAtLifecycle(
  bucket: string,
  prefix: string,
  rules: readonly LifecycleRule[],
): StoreFinding[] {
  const ours = rules.filter((rule) => rule.Status === 'Enabled' && concerns(rule, prefix));
  const deletes = ours.find((rule) => rule.Expiration?.Days !== undefined && covers(rule, prefix));
  const archives = ours.find(({ Transitions = [] }) =>
    Transitions.some(({ StorageClass = '' }) => /^(GLACIER|DEEP_ARCHIVE)$/.test(StorageClass)),
  );
  return [
    deletes
      ? {
          verdict: 'ok',
          expected: EXPECTED,
          got: `the rule ${deletes.ID} deletes them after ${deletes.Expiration?.Days} days`,
        }
      : missing(bucket, prefix),
    ...(archives ? [archived(archives)] : []),
  ];
}

const missing = (bucket: string, prefix: string): StoreFinding => ({
  verdict: 'warning',
  expected: EXPECTED,
  got: 'there is none, so that what has ended stays',
  fix:
    `add a rule that is longer than any task takes. This command replaces the bucket's rules: ` +
    `aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} --lifecycle-configuration ` +
    `'{"Rules":[{"ID":"stepwright","Status":"Enabled","Filter":{"Prefix":"${prefix}"},"Expiration":{"Days":400}}]}'`,
});

const archived = ({ ID }: LifecycleRule): StoreFinding => ({
  verdict: 'fault',
  expected: 'no rule that archives objects, since an archived one can not be read',
  got: `the rule ${ID} moves them to Glacier`,
  fix: 'limit that rule to other prefixes, or delete the objects instead',
});

const prefixOf = ({ Filter, Prefix }: LifecycleRule): string => Filter?.Prefix ?? Prefix ?? '';

/** True if a rule is for some of the objects with this prefix. */
const concerns = (rule: LifecycleRule, prefix: string): boolean =>
  prefix.startsWith(prefixOf(rule)) || prefixOf(rule).startsWith(prefix);

/** True if a rule is for all of the objects with this prefix, of any size. */
const covers = (rule: LifecycleRule, prefix: string): boolean =>
  prefix.startsWith(prefixOf(rule)) &&
  [
    rule.Filter?.And,
    rule.Filter?.Tag,
    rule.Filter?.ObjectSizeGreaterThan,
    rule.Filter?.ObjectSizeLessThan,
  ].every((more) => more === undefined);
