import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from '../../base/log/log.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { JsonText } from '../../check/source/json-text.js';
import { locationOf } from '../../check/finding.js';
import { type MockConfig, mockConfigMistakes } from '../../local/mock-config.js';

/** The file that Step Functions Local reads from the folder in which it is started. */
const BY_DEFAULT = 'MockConfigFile.json';

/**
 * Reads a mock file of Step Functions Local. Returns undefined if none is named, and there is none in this folder.
 * @throws StartError with each mistake in the file and its line
 */
export async function readMockConfig(
  named: string | undefined,
  log: Logger,
): Promise<MockConfig | undefined> {
  const file = named ?? BY_DEFAULT;
  if (named === undefined && !existsSync(file)) return undefined;
  const text = await readFile(file, 'utf8').catch((error: Error) => throwProblems([unreadable(file, error)]));
  const json = new JsonText(text ?? '');
  const { broken } = json;
  if (broken) throwProblems([invalid(locationOf({ file, ...broken }), broken.what, broken.fix)]);
  const config: unknown = JSON.parse(json.text);
  throwProblems(
    mockConfigMistakes(config).map(({ steps, what, fix }) =>
      invalid(locationOf({ file, ...json.positionOf(steps) }), `/${steps.join('/')}: ${what}`, fix),
    ),
  );
  log.info(`Mocks: ${file}`);
  return config as MockConfig;
}

const invalid = (where: string, what: string, fix: string): Problem => ({
  code: 'MOCK_CONFIG_INVALID',
  where,
  what,
  fix,
});

const unreadable = (file: string, { message }: Error): Problem =>
  invalid(file, `the mock file can't be read: ${message}`, 'correct the path of --mock-config');
