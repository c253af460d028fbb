/** A mistake in the call of a tool, or a thing that it names and that isn't there. Its message proposes the fix. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}
