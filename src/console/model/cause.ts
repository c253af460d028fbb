/** A violation of the rules for a task's input. */
export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

/** The cause of an error, if it is JSON in the form that Stepwright and Lambda write. */
export interface Cause {
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** A value that the handler attached to the error; undefined if there is none. */
  readonly data: unknown;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Parses the cause of an error. Returns undefined if the cause has another form; it is then shown as text. */
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
