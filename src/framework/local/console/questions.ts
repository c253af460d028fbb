import { parseArn } from '../asl/values/arn.js';
import type { State } from '../api/operation.js';
import { errors } from '../engine/service-error.js';

/** What the page asks once. None of it changes anything. */
export type Question = (query: URLSearchParams, state: State) => object;

const machine: Question = (query, { machines }) => {
  const { arn, name, definition, createdAt, deleting } = machines.get(query.get('arn') ?? '');
  return { arn, name, definition, createdAt, deleting };
};

/** One event with all its data. */
const event: Question = (query, { executions }) => {
  const { history } = executions.get(query.get('execution') ?? '');
  const id = Number(query.get('id'));
  const [found] = Number.isSafeInteger(id) && id >= 1 ? history.page(id - 1, 1) : [];
  if (!found) throw errors.validation([`There is no event '${query.get('id')}'`]);
  return found;
};

/** What an execution of this machine was last given; of none, the least there is. */
const lastInput: Question = (query, { machines, executions }) => {
  const { arn } = machines.get(query.get('machine') ?? '');
  for (const { input } of executions.startedAfter(0, arn)) return { input };
  return { input: null };
};

/** The region of what a person creates here: that of what is there, so that it is found beside it. */
const home: Question = (_, { activities, machines }) => {
  const [first = machines.all()[0]] = activities.all();
  return { region: parseArn(first?.arn ?? '')?.region ?? 'us-east-1' };
};

export const questions: Readonly<Record<string, Question>> = { machine, event, lastInput, home };
