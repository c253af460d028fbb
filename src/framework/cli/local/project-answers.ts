import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Settings } from '../../config/resolve.js';
import type { Lambdas, LocalFunction, LocalServiceOptions, SdkPackages } from '../../local/index.js';

/** The options of a project that concern the local service. */
export type ServiceSettings = Pick<
  Settings,
  'port' | 'mocks' | 'lambdas' | 'httpHosts' | 's3' | 'keptExecutions' | 'keptBytes'
>;

/**
 * Returns the options by which the local service answers the calls of functions and services: the functions of the
 * project, the AWS SDK that is installed in it, and the endpoints in the environment.
 * @param projectDir the folder of the nearest package.json
 */
export const answerOptions = (
  { lambdas, httpHosts, s3 }: ServiceSettings,
  projectDir: string,
): Pick<LocalServiceOptions, 'lambdas' | 'httpHosts' | 's3' | 'env' | 'packages'> => ({
  lambdas: projectLambdas(lambdas, projectDir),
  s3: Object.fromEntries(Object.entries(s3).map(([name, folder]) => [name, resolve(projectDir, folder)])),
  httpHosts,
  env: process.env,
  packages: packagesIn(projectDir),
});

/** Returns the functions with the paths of their modules in full. */
export const projectLambdas = (lambdas: Lambdas, projectDir: string): Lambdas => {
  const inFull = (given: LocalFunction): LocalFunction =>
    typeof given === 'string'
      ? resolve(projectDir, given)
      : { ...given, handler: resolve(projectDir, given.handler) };
  return Object.fromEntries(Object.entries(lambdas).map(([name, given]) => [name, inFull(given)]));
};

/** Finds the packages of a project as its own modules find them, also one that is installed meanwhile. */
export function packagesIn(projectDir: string, isPnp = 'pnp' in process.versions): SdkPackages {
  const require = createRequire(join(projectDir, 'package.json'));
  const folders = (name: string): readonly string[] => require.resolve.paths(name) ?? [];
  // Node remembers a package that require.resolve() has not found.
  const hasFolder = (name: string): boolean => folders(name).some((each) => existsSync(join(each, name)));
  return {
    has: isPnp ? (name) => resolves(require, name) : hasFolder,
    load: async (name) => require(name) as object,
  };
}

/** Yarn's Plug'n'Play has no folders of packages, but its own `require.resolve()`, by the list that Yarn has written. */
function resolves(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
