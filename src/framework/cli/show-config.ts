import { CONFIG_OPTIONS } from '../config/config.js';
import { BY_DEFAULT, type Origin } from '../config/resolve.js';
import type { Flags } from '../config/sources.js';
import { HANDLER_OPTIONS } from '../declare/handler-options.js';
import type { Option } from '../declare/option-rules.js';
import { throwProblems } from '../base/errors.js';
import { hideCredentials } from '../base/show.js';
import { showEndpoint } from '../aws/endpoint.js';
import type { Plan, PlannedHandler } from '../worker/build/plan.js';
import { write } from './output/stdio.js';
import { readWorker } from './project/project.js';

/** An option's value as JSON, and its origin, such as a flag or the config. */
interface Shown {
  /** The value; null if the option isn't set and has no default. */
  readonly value: unknown;
  readonly from: string;
  /** A text that says what happens if the option isn't set. */
  readonly unset?: string;
}

type Section = Readonly<Record<string, Shown>>;

/**
 * Prints every option with its value and the source that set it, such as a flag or the config: first the options of the
 * worker, then those of each handler. Doesn't start a worker.
 * @returns the exit code
 * @throws StartError if a worker would not start
 */
export async function showConfig(flags: Flags, json: boolean): Promise<number> {
  const { plan } = await readWorker(flags);
  throwProblems(plan.problems);
  const worker = sectionOf(CONFIG_OPTIONS, { ...plan.settings.origins, endpoint: endpointOf(plan) });
  const handlers = Object.fromEntries(plan.handlers.map((each) => [each.definition.name, handlerOf(each)]));
  const text = json
    ? `${JSON.stringify({ worker, handlers }, withoutUnset, 2)}\n`
    : table({ worker, ...handlers });
  await write(text);
  return 0;
}

const endpointOf = ({ endpoint, endpointFrom }: Plan): Origin => ({
  value: endpoint && (endpoint.kind === 'local' ? `local (${endpoint.url})` : showEndpoint(endpoint)),
  from: endpointFrom ?? BY_DEFAULT,
});

const handlerOf = ({ origins }: PlannedHandler): Section => sectionOf(HANDLER_OPTIONS, origins);

/**
 * Returns the options of one table as they are printed. `handlers` is left out, since its values are printed with each
 * handler.
 */
function sectionOf(
  rows: Readonly<Record<string, Option>>,
  origins: Readonly<Record<string, Origin>>,
): Section {
  return Object.fromEntries(
    Object.entries(origins).flatMap(([key, { value, from }]): [string, Shown][] => {
      const row = rows[key];
      return row && key !== 'handlers'
        ? [[key, { value: shownValue(row, value), from, unset: row.unset }]]
        : [];
    }),
  );
}

function shownValue({ keysOnly }: Option, value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'string') return hideCredentials(value);
  if (keysOnly && typeof value === 'object' && value !== null) return Object.keys(value);
  if (Array.isArray(value)) return value.map((each: unknown) => nameOf(each));
  return nameOf(value);
}

/** Returns the name if the value is a class or a function; any other value is returned as it is. */
const nameOf = (value: unknown): unknown =>
  typeof value === 'function' ? value.name || 'a function' : value;

function table(sections: Readonly<Record<string, Section>>): string {
  const rows = Object.entries(sections).flatMap(([title, section]) => [
    [title],
    ...Object.entries(section).map(([key, { value, from, unset }]) => [
      `  ${key}`,
      value === null ? (unset ?? 'none') : inLine(value),
      from,
    ]),
  ]);
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [keys, values] = [width(0), width(1)];
  const lines = rows.map(([key = '', value = '', from = '']) =>
    `${key.padEnd(keys)}  ${value.padEnd(values)}  ${from}`.trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

const withoutUnset = (key: string, value: unknown): unknown => (key === 'unset' ? undefined : value);

const inLine = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
