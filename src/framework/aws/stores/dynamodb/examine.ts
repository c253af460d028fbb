import type { StoreFinding } from '../../../base/store/store.js';
import { createTable, enableTtl, EXPIRES, PARTITION, SORT } from './table.js';

/** The answer to DescribeTable, as far as it is used. */
export interface TableAnswer {
  readonly Table?: {
    readonly TableStatus?: string;
    readonly KeySchema?: readonly { readonly AttributeName?: string; readonly KeyType?: string }[];
    readonly AttributeDefinitions?: readonly {
      readonly AttributeName?: string;
      readonly AttributeType?: string;
    }[];
    readonly Replicas?: readonly { readonly RegionName?: string }[];
  };
}

/** The answer to DescribeTimeToLive, as far as it is used. */
export interface TtlAnswer {
  readonly TimeToLiveDescription?: {
    readonly TimeToLiveStatus?: string;
    readonly AttributeName?: string;
  };
}

/** Compares a table's keys with those that a store needs. */
export function lookAtTable(table: string, { Table = {} }: TableAnswer): StoreFinding[] {
  const { KeySchema = [], AttributeDefinitions = [], Replicas = [] } = Table;
  const expected = `a partition key ${PARTITION} and a sort key ${SORT}, both of type S`;
  const typeOf = (name: string): string | undefined =>
    AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
  const keys = KeySchema.map(
    ({ AttributeName = '', KeyType }) => `${AttributeName} ${KeyType} ${typeOf(AttributeName)}`,
  );
  const got = keys.join(', ');
  const isRight = got === `${PARTITION} HASH S, ${SORT} RANGE S`;
  const fix = `keys can't be changed: use another table. ${createTable(table)}`;
  const regions = Replicas.map(({ RegionName }) => RegionName).join(', ');
  return [
    isRight ? { verdict: 'ok', expected, got } : { verdict: 'fault', expected, got, fix },
    ...(regions === '' ? [] : [inRegions(regions)]),
  ];
}

const inRegions = (regions: string): StoreFinding => ({
  verdict: 'warning',
  expected: 'a table in one region, or all workers in the same one',
  got: `the table has replicas in ${regions}`,
  fix: 'set `region` of the store to the same region in every worker',
});

/** Looks if DynamoDB deletes the items whose time is over. */
export function lookAtTtl(table: string, { TimeToLiveDescription = {} }: TtlAnswer): StoreFinding {
  const { TimeToLiveStatus = 'DISABLED', AttributeName } = TimeToLiveDescription;
  const expected = `time to live by the attribute ${EXPIRES}`;
  const isOn = TimeToLiveStatus.startsWith('ENABL');
  const got = isOn
    ? `time to live by the attribute ${AttributeName}`
    : 'no time to live, so that nothing is deleted';
  if (isOn && AttributeName === EXPIRES) return { verdict: 'ok', expected, got };
  return { verdict: 'warning', expected, got, fix: enableTtl(table) };
}
