/** The codes of the problems that keep a worker from starting. They are stable, so programs may compare them. */
export type ProblemCode =
  | 'CONFIG_UNKNOWN_KEY'
  | 'CONFIG_BAD_VALUE'
  | 'CONFIG_NOT_FOUND'
  | 'CONFIG_STALE'
  | 'COMPILER_NOT_FOUND'
  | 'ACTIVITY_STALE'
  | 'ACTIVITY_ORPHANED'
  | 'CONFIG_UNREADABLE'
  | 'ENDPOINT_INVALID'
  | 'ENDPOINT_UNSET_IN_PRODUCTION'
  | 'PORT_IN_USE'
  | 'NO_ACTIVITIES'
  | 'GLOB_MATCHES_NOTHING'
  | 'ACTIVITY_FILE_FAILED'
  | 'ACTIVITY_NOT_DECLARED'
  | 'ACTIVITY_REF_INVALID'
  | 'ACTIVITY_UNKNOWN'
  | 'ACTIVITIES_UNREACHABLE'
  | 'ENVIRONMENT_UNSET'
  | 'HANDLER_MISSING'
  | 'HANDLER_DUPLICATE'
  | 'HANDLER_MISPLACED'
  | 'HANDLER_NAME_TWICE'
  | 'HANDLER_OPTION_INVALID'
  | 'INPUT_TYPE_LOST'
  | 'INPUT_TYPE_INVALID'
  | 'INPUT_WITHOUT_RULES'
  | 'OUTPUT_TYPE_INVALID'
  | 'ERROR_NAME_RESERVED'
  | 'ERROR_NAME_INVALID'
  | 'KEY_RENAMED'
  | 'DEPENDENCY_UNRESOLVED'
  | 'TWO_ACCOUNTS'
  | 'TWO_COPIES'
  | 'MACHINE_INVALID'
  | 'MACHINE_UNSUPPORTED'
  | 'TEMPLATE_INVALID'
  | 'MOCK_CONFIG_INVALID'
  | 'HEARTBEAT_TOO_SLOW'
  | 'POOL_TOO_SMALL'
  | 'MODULE_MISSING'
  | 'COMMAND_NOT_FOUND'
  | 'TEST_NAMES_NOBODY'
  | 'SETUP_FAILED';

/** One thing to fix before a worker can run. */
export interface Problem {
  readonly code: ProblemCode;
  /** The place of the problem in the user's own terms: `HelloWorldActivity.hello`, a file, or a config key. */
  readonly where: string;
  /** The mistake: what was expected and what was found. */
  readonly what: string;
  /** The proposed way to fix it, as an instruction to the user. */
  readonly fix: string;
}

/**
 * Thrown if a worker can't start. `problems` lists everything that has to be fixed, not just the first problem found.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(describeProblems(problems, 'Stepwright cannot start'), options);
    this.problems = problems;
  }
}

/** Returns the error for an option whose value isn't allowed. */
export const optionError = (where: string, what: string, fix: string): StartError =>
  new StartError([{ code: 'CONFIG_BAD_VALUE', where, what, fix }]);

/** Returns the text that lists problems. @param heading the words before their number */
export function describeProblems(problems: readonly Problem[], heading: string): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${heading}: ${count}.`, ...problems.map(describeOne)].join('\n\n');
}

function describeOne({ code, where, what, fix }: Problem, index: number): string {
  const indent = (text: string): string => text.replaceAll('\n', '\n     ');
  return `  ${index + 1}. ${indent(where)}: ${indent(what)}\n     Fix: ${indent(fix)}\n     [${code}]`;
}

/** Throws one StartError with all problems. Does nothing if there are none. */
export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new StartError(problems);
}
