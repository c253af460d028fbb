import { devNull } from 'node:os';
import { relative, resolve } from 'node:path';
import { type Problem, throwProblems } from '../../../base/errors.js';
import { FUNCTION_FORM, handlerIn, isFunctionForm, withoutVariables } from '../../../base/local-protocol.js';
import { show } from '../../../base/show.js';
import { parseDuration } from '../../../base/time/duration.js';
import { functionIn } from './function-endpoint.js';
import type { FunctionSetup } from './invocation.js';

/** A Lambda function that the local service runs: its handler as `./dist/file.export`, or this and its settings. */
export type LocalFunction =
  | string
  | {
      /** The path of the compiled module without its extension, a dot, and the name of the exported handler. */
      readonly handler: string;
      /** The longest time of an invocation. @default '15m' */
      readonly timeout?: string;
      /** The memory of the function, in megabytes. @default 512 */
      readonly memoryMb?: number;
      /** Variables of the environment. With `AWS_PROFILE`, or with keys, the function can reach AWS. */
      readonly env?: Readonly<Record<string, string>>;
    };

/** The functions that the local service runs. A key is the name of a function. */
export type Lambdas = Readonly<Record<string, LocalFunction>>;

/** A function, and all variables of its environment but the region. */
export type OwnFunction = FunctionSetup & { readonly env: NodeJS.ProcessEnv };

/** The variables that lead to AWS. An endpoint is asked for by name. */
const LEADS_TO_AWS = /^AWS_(?!ENDPOINT_URL|CONFIG_FILE|SHARED_CREDENTIALS_FILE)/i;

/** Keeps a function from AWS: an SDK finds these credentials first, and no others. */
const LOCAL = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
};

function environmentOf(
  { name, module, handler, memoryMb }: FunctionSetup,
  own: NodeJS.ProcessEnv,
  service: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const inherited = Object.entries({ ...process.env, ...service });
  const { AWS_PROFILE: profile } = own;
  return {
    ...Object.fromEntries(inherited.filter(([key]) => !LEADS_TO_AWS.test(key))),
    ...(profile ? {} : LOCAL),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    LAMBDA_TASK_ROOT: process.cwd(),
    _HANDLER: `${relative(process.cwd(), module)}.${handler}`,
    ...own,
  };
}

/**
 * Returns the functions of a config by their names.
 * @param service the variables of the service, with the endpoints of emulators
 * @throws StartError with each that is in no valid form, or named twice
 */
export function setupsOf(lambdas: Lambdas, service: NodeJS.ProcessEnv): ReadonlyMap<string, OwnFunction> {
  const setups = new Map<string, OwnFunction>();
  const problems: Problem[] = [];
  const refuse = (key: string, what: string, fix: string): void =>
    void problems.push({ code: 'CONFIG_BAD_VALUE', where: `lambdas['${key}']`, what, fix });
  for (const [key, given] of Object.entries(lambdas)) {
    const { name = key } = functionIn(key) ?? {};
    const setup = setupOf(name, given);
    if (setups.has(name))
      refuse(key, 'another key names this function too', 'remove one: aliases run the same code');
    else if (setup) setups.set(name, { ...setup, env: environmentOf(setup, variablesOf(given), service) });
    else
      refuse(
        key,
        `expected ${FUNCTION_FORM}, got ${show(withoutVariables(given))}`,
        `write ${FUNCTION_FORM}`,
      );
  }
  throwProblems(problems);
  return setups;
}

/** Returns undefined for a function in no valid form. */
function setupOf(name: string, given: LocalFunction): FunctionSetup | undefined {
  if (!isFunctionForm(given)) return undefined;
  const {
    handler: text,
    timeout = '15m',
    memoryMb = 512,
  } = typeof given === 'string' ? { handler: given } : given;
  const { path = '', handler = '' } = handlerIn(text) ?? {};
  return { name, module: resolve(path), handler, memoryMb, timeoutMs: parseDuration(timeout) ?? 0 };
}

const variablesOf = (given: LocalFunction): NodeJS.ProcessEnv =>
  (typeof given === 'string' ? undefined : given.env) ?? {};
