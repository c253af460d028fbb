/** Reads a text from left to right. All patterns must be sticky (`y`). */
export class Scanner {
  constructor(
    readonly text: string,
    /** The index of the next character. */
    public at = 0,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /**
   * Reads the text that a pattern matches at `at`. Returns undefined, and reads nothing, where the pattern does not
   * match.
   */
  take(pattern: RegExp): string | undefined {
    return this.match(pattern)?.[0];
  }

  /** The same as `take`, but returns the match with its groups. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at = pattern.lastIndex;
    return found;
  }

  /** The first 40 characters of the text that is left, for messages. */
  get rest(): string {
    return this.text.slice(this.at, this.at + 40);
  }
}
