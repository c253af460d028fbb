import type { Execution } from '../../engine/execution.js';
import type { State } from '../../api/operation.js';
import { isSame, type Mark, type Message, type Topic } from './topic.js';

/** How many a snapshot holds. The latest are what people look for; the rest is counted. */
const LIST_LIMIT = 20_000;

/**
 * The executions of one machine, or of all. A change names those that started or ended meanwhile, and before which of
 * the ended ones the service has forgotten them all.
 */
export function executionList({ executions }: State, machineArn: string | undefined): Topic {
  return (seen) => {
    const { started, ended, forgotten } = executions.counts;
    const mark = [started, ended];
    if (isSame(seen, mark)) return undefined;
    const isOurs = (each: Execution): boolean => machineArn === undefined || each.machine.arn === machineArn;
    const [startedSeen = 0, endedSeen = 0] = seen ?? [];
    // What ended and was forgotten unseen can't be told of any more: that tab begins anew.
    const kind = seen && endedSeen >= forgotten ? 'change' : 'snapshot';
    const news = new Set<Execution>();
    for (const each of executions.startedAfter(kind === 'change' ? startedSeen : 0, machineArn))
      news.add(each);
    if (kind === 'change')
      for (const each of executions.endedAfter(endedSeen)) if (isOurs(each)) news.add(each);
    return message(kind, mark, [...news], forgotten);
  };
}

function message(kind: Message['kind'], mark: Mark, found: Execution[], forgotten: number): Message {
  const latest = found.toSorted((a, b) => b.order - a.order);
  const shown = latest.slice(0, LIST_LIMIT);
  return { kind, mark, data: { rows: shown.map(row), older: latest.length - shown.length, forgotten } };
}

/** As short as it can be: there may be thousands. */
function row({ order, name, machine, status, startedAt, end, endedAs }: Execution): readonly unknown[] {
  return [order, machine.arn, name, status, startedAt, end?.at ?? null, endedAs ?? null];
}
