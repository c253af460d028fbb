/** A line of a stream. `text` is undefined if it is too long. */
export interface Line {
  readonly text: string | undefined;
}

const LINE_FEED = 0x0a;

/** Yields the lines of a stream. Of a line with more than `mostBytes` nothing is kept. */
export async function* linesOf(
  stream: AsyncIterable<Buffer>,
  mostBytes: number,
): AsyncGenerator<Line, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > mostBytes) parts = [];
    else parts.push(part);
  };
  const take = (): Line => {
    const line = { text: bytes > mostBytes ? undefined : Buffer.concat(parts).toString() };
    [parts, bytes] = [[], 0];
    return line;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, at));
      from = at + 1;
      yield take();
    }
    add(chunk.subarray(from));
  }
  if (bytes > 0) yield take();
}
