import type { Problem } from '../../base/errors.js';
import { show } from '../../base/show.js';
import type { ActivityRef } from '../definition.js';

type Parsed = { readonly ref: ActivityRef } | { readonly problem: Omit<Problem, 'where'> };

const ARN_EXAMPLE = 'arn:aws:states:eu-west-1:123456789012:activity:Name';
const VARIABLE = /\$\{([^}]*)\}/g;
const ARN = /^arn:([a-z][a-z0-9-]*):states:([a-z]{2,}(?:-[a-z0-9]+)+):(\d{12}):activity:([^:]+)$/;
/** Characters that the service doesn't allow in an activity's name (CreateActivity, "name"). */
// oxlint-disable-next-line no-control-regex -- control characters are among the refused ones
const FORBIDDEN_IN_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;
const NAME_LIMIT = 80;

/** Reads what a decorator names: an activity, or a list of at least one. See {@link parseActivity} */
export function parseActivities(value: unknown, env: NodeJS.ProcessEnv, allowUnset = false): Parsed[] {
  const list: readonly unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
  return list.map((each) => parseActivity(each, env, allowUnset));
}

/**
 * Reads the text by which a decorator names an activity: an ARN of any partition or a bare name. `${NAME}` in it is
 * replaced by an environment variable.
 * @param allowUnset true for a test bed (a worker in unit tests, without a service): if a variable is unset, the text
 * itself is used as a name
 */
export function parseActivity(text: unknown, env: NodeJS.ProcessEnv, allowUnset = false): Parsed {
  if (typeof text !== 'string' || text.trim() === '')
    return invalid(`expected an ARN or a name, got ${show(text)}`);
  const unset = [...text.matchAll(VARIABLE)].map(([, name = '']) => name).filter((name) => !env[name]);
  if (unset.length > 0) return allowUnset ? { ref: { kind: 'name', name: text } } : unsetProblem(text, unset);
  const full = text.replaceAll(VARIABLE, (_, name: string) => env[name] ?? '');
  return full.startsWith('arn:') ? parseArn(full) : parseName(full);
}

function parseArn(text: string): Parsed {
  const match = ARN.exec(text);
  if (!match) return invalid(`${arnFault(text)}: ${show(text)}`, nearestArn(text));
  const [, partition = '', region = '', account = '', name = ''] = match;
  const fault = nameFault(name);
  if (fault)
    return invalid(
      `the name at the end of ${show(text)} ${fault}`,
      `${text.slice(0, -name.length)}${nearestName(name)}`,
    );
  return { ref: { kind: 'arn', arn: text, name, partition, region, account } };
}

function arnFault(text: string): string {
  const [, , service, , account, kind] = text.split(':');
  if (service !== 'states')
    return `this ARN belongs to ${service || 'no service'}, not to Step Functions ("states")`;
  if (!/^\d{12}$/.test(account ?? ''))
    return `the account of this ARN must be 12 digits, not ${show(account ?? '')}`;
  if (kind !== 'activity') return `this ARN names a ${kind || 'nothing'}, not an activity`;
  return 'this is no ARN of an activity';
}

function parseName(text: string): Parsed {
  const fault = nameFault(text);
  return fault
    ? invalid(`the name ${show(text)} ${fault}`, nearestName(text))
    : { ref: { kind: 'name', name: text } };
}

function nameFault(name: string): string | undefined {
  if (name.length > NAME_LIMIT) return `has ${name.length} characters; the service allows ${NAME_LIMIT}`;
  const found = FORBIDDEN_IN_NAME.exec(name)?.[0];
  return found === undefined
    ? undefined
    : `holds ${JSON.stringify(found)}, which the service refuses in names`;
}

const nearestName = (name: string): string =>
  name.replaceAll(new RegExp(FORBIDDEN_IN_NAME, 'g'), '-').slice(0, NAME_LIMIT);

/**
 * If the text is the ARN of a state machine or of an execution, returns an activity's ARN with the same name, region
 * and account. Otherwise returns an example.
 */
function nearestArn(text: string): string {
  const [, partition, service, region, account, , name] = text.split(':');
  const arn = `arn:${partition}:${service}:${region}:${account}:activity:${name}`;
  return ARN.test(arn) ? arn : ARN_EXAMPLE;
}

/** Returns the problem that a text names no activity. @param instead the activity that the fix proposes */
function invalid(what: string, instead: string = ARN_EXAMPLE): Parsed {
  return {
    problem: {
      code: 'ACTIVITY_REF_INVALID',
      what: `@Activity: ${what}`,
      fix: `write the activity's ARN or its name, as in @Activity('${instead}')`,
    },
  };
}

function unsetProblem(text: string, names: readonly string[]): Parsed {
  const list = [...new Set(names)].map((name) => name || '(no name)');
  return {
    problem: {
      code: 'ENVIRONMENT_UNSET',
      what: `'${text}' needs ${list.join(' and ')} from the environment, where ${list.length === 1 ? 'it is' : 'they are'} unset or empty`,
      fix: `set ${list.length === 1 ? 'it to its value' : 'them to their values'} in this environment before the start: export ${list.map((name) => `${name}=…`).join(' ')}; or write the activity without \${…}`,
    },
  };
}
