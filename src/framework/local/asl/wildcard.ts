/**
 * Compiles the pattern of StringMatches: `*` stands for any text, none included; `\*` and `\\` for themselves.
 * Takes time in proportion to pattern and text, whatever they are.
 */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const pieces: string[] = [''];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at);
    if (char === '*') pieces.push('');
    else pieces[pieces.length - 1] += char === '\\' ? pattern.charAt(++at) : char;
  }
  const [first = '', ...later] = pieces;
  const last = later.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const piece of later) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.endsWith(last) && text.length - last.length >= at;
  };
}
