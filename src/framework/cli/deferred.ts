import { parseJson } from '../base/json.js';
import type { Flags } from '../config/sources.js';
import { ActivityFailure } from '../declare/activity-failure.js';
import { openCompletions } from '../worker/build/create-completions.js';
import { makePlan } from '../worker/build/plan.js';
import type { Completion, Completions, WaitingTask } from '../worker/task/completions.js';
import { write } from './output/stdio.js';
import { loadConfig } from './project/config-file.js';

export type DeferredVerb = 'list' | 'succeed' | 'fail';

/** The flags that set no option of the config. */
export interface DeferredFlags {
  readonly by?: string;
  readonly message?: string;
  readonly json?: true;
}

interface DeferredWords {
  readonly verb: DeferredVerb;
  readonly id: string | undefined;
  readonly value: string | undefined;
}

/** The exit code after a usage error. Nothing was changed. */
const WRONG_USE = 2;

/**
 * Lists the tasks that were deferred under an id, or completes one, with the store and the endpoint of the config.
 * @returns the exit code: 0 if all is well, 1 if the task was not completed by this, 2 after a wrong use
 * @throws StartError if the config can't be used; StoreError, or an error of the service, if it can't be reached
 */
export async function deferred(words: DeferredWords, flags: Flags, how: DeferredFlags): Promise<number> {
  const mistake = mistakeIn(words, how);
  if (mistake !== undefined) {
    await write(`stepwright deferred ${words.verb}: ${mistake}\n`);
    return WRONG_USE;
  }
  const { config, baseDir } = await loadConfig(flags);
  const plan = await makePlan({ config, baseDir, flags, env: process.env });
  const completions = await openCompletions(plan);
  try {
    return words.verb === 'list' ? await list(completions, how) : await complete(completions, words, how);
  } finally {
    completions.close();
  }
}

/** Returns the mistake in the words; undefined if there is none. */
function mistakeIn({ verb, id, value }: DeferredWords, { message, json }: DeferredFlags): string | undefined {
  if (json && verb !== 'list') return '--json is for `list`';
  if (message !== undefined && verb !== 'fail') return '--message is for `fail`';
  if (verb === 'list') return id === undefined ? undefined : `it takes no id, got ${id}`;
  if (id === undefined) return 'expected the id of a task. `list` shows them';
  if (verb === 'fail') return value === undefined ? 'expected the name of the error after the id' : undefined;
  return value === undefined || parseJson(value) !== undefined
    ? undefined
    : `expected the output as JSON after the id, as in '{"approved":true}', got ${value}`;
}

async function list(completions: Completions, { json }: DeferredFlags): Promise<number> {
  const tasks = await completions.list();
  if (json) await write(`${JSON.stringify(tasks)}\n`);
  else if (tasks.length === 0) await write('no task waits under an id\n');
  else await write(tasks.map((task) => `${lineOf(task)}\n`).join(''));
  return 0;
}

/** One task a line: its id, its handler, when it was deferred, and its note. */
const lineOf = ({ id, handler, deferredAt, note }: WaitingTask): string =>
  [id, handler, deferredAt.toISOString(), ...(note === undefined ? [] : [note])].map(oneLine).join('\t');

/** Control characters of a user's text would move the terminal's cursor. */
const oneLine = (text: string): string => text.replaceAll(/\p{C}/gu, ' ');

async function complete(
  completions: Completions,
  { verb, id = '', value = 'null' }: DeferredWords,
  { by = process.env['USER'], message = '' }: DeferredFlags,
): Promise<number> {
  const completion =
    verb === 'succeed'
      ? await completions.succeed(id, JSON.parse(value), { by })
      : await completions.fail(id, new ActivityFailure(value, message), { by });
  await write(`${oneLine(id)}: ${sayingOf(completion)}\n`);
  return completion.status === 'accepted' ? 0 : 1;
}

function sayingOf(completion: Completion): string {
  if (completion.status !== 'completed') return `${completion.status}${WORDS[completion.status]}`;
  const { status, by, at } = completion.decided;
  return `completed before: ${status}${by === undefined ? '' : ` by ${oneLine(by)}`} at ${at.toISOString()}`;
}

const WORDS = {
  accepted: '',
  gone: ': the task timed out, or its execution has ended',
  unknown: ': no task waits under this id',
} as const;
