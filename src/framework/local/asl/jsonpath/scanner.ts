/** Reads a text from left to right. All patterns are sticky (`y`). */
export class Scanner {
  constructor(
    readonly text: string,
    /** The index of the next character. */
    public at = 0,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Reads the text that a pattern matches here. Returns undefined, and reads nothing, where there is no match. */
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

  /** The beginning of the text that is left, for messages. */
  get rest(): string {
    return this.text.slice(this.at, this.at + 40);
  }
}
