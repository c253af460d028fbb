import { applyEdits, findNodeAtLocation, modify, parseTree, type Node } from 'jsonc-parser';
import type { Path } from './check.js';

export { parseTree, type Node };

const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2 } };
/** Stands for the new value until its text replaces it. */
const HOLDER = '\u0000stepwright\u0000';

/** Returns the node of a JSON text at a path; undefined if there is none. */
export const nodeAt = (tree: Node | undefined, path: Path): Node | undefined =>
  tree && findNodeAtLocation(tree, [...path]);

/** Returns the text of a node, as it is written. */
export const textOfNode = (text: string, { offset, length }: Node): string =>
  text.slice(offset, offset + length);

/**
 * Sets a value in a JSON text. The rest of the text stays as it is written, so that long numbers keep their digits.
 * @param json the JSON of the value; undefined to remove it
 * @param path its last part may be -1, which adds an item to the end of a list
 */
export function setIn(text: string, path: Path, json: string | undefined): string {
  if (path.length === 0) return json ?? 'null';
  if (json === undefined) return applyEdits(text, modify(text, [...path], undefined, FORMAT));
  const held = applyEdits(text, modify(text, [...path], HOLDER, FORMAT));
  return held.replace(JSON.stringify(HOLDER), () => json);
}
