/** Reads a text from left to right. All patterns must have the flag `y` (sticky). */
export class Scanner {
  constructor(
    readonly text: string,
    /** The index of the next character. */
    public at = 0,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character; empty at the end. */
  get char(): string {
    return this.text.charAt(this.at);
  }

  /**
   * Returns the text that a pattern matches at the position `at`, and moves `at` to the end of that text. Returns
   * undefined if the pattern doesn't match there; `at` is then unchanged.
   */
  take(pattern: RegExp): string | undefined {
    return this.match(pattern)?.[0];
  }

  /** Like `take`, but returns the match with its groups. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at = pattern.lastIndex;
    return found;
  }

  /** The first 40 characters of the text that is not read yet, for messages. */
  get rest(): string {
    return this.text.slice(this.at, this.at + 40);
  }
}
