/** One reason why a task's input was rejected: a field, and the rule that its value violates. */
export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

/** The cause of a task's failure, if it is JSON in the form in which Stepwright's workers and AWS Lambda write it. */
export interface Cause {
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** The data that the handler has attached to the error; undefined if there is none. */
  readonly data: unknown;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Parses the cause of a task's failure. Returns undefined if it doesn't have this form; the page then shows it as text.
 */
export function readCause(cause: string): Cause | undefined {
  let source: unknown;
  try {
    source = JSON.parse(cause);
  } catch {
    return undefined;
  }
  if (typeof source !== 'object' || source === null || !('errorMessage' in source || 'errorType' in source))
    return undefined;
  const { errorType, errorMessage, violations, trace, data } = source as Record<string, unknown>;
  return {
    errorType: textOf(errorType),
    errorMessage: textOf(errorMessage),
    violations: Array.isArray(violations) ? violations.flatMap(readViolation) : [],
    trace: Array.isArray(trace) ? trace.map(String) : [],
    data,
  };
}

function readViolation(source: unknown): Violation[] {
  if (typeof source !== 'object' || source === null) return [];
  const { path, rule, message } = source as Record<string, unknown>;
  return [{ path: textOf(path) ?? '', rule: textOf(rule) ?? '', message: textOf(message) ?? '' }];
}
