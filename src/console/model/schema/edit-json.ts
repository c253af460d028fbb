import { applyEdits, findNodeAtLocation, modify, parseTree, type Node } from 'jsonc-parser';

const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2 } };
/** Stands for the new value until its text replaces it. */
const HOLDER = '\u0000stepwright\u0000';

/** Returns the node of a key of a JSON object; undefined if there is none. */
export function nodeAt(text: string, key: string): Node | undefined {
  const tree = parseTree(text);
  return tree && findNodeAtLocation(tree, [key]);
}

/**
 * Sets a key of a JSON object. The rest of the text stays as it is written, so that long numbers keep their digits.
 * @param json the JSON of the value; undefined to remove the key
 */
export function setIn(text: string, key: string, json: string | undefined): string {
  if (json === undefined) return applyEdits(text, modify(text, [key], undefined, FORMAT));
  const held = applyEdits(text, modify(text, [key], HOLDER, FORMAT));
  return held.replace(JSON.stringify(HOLDER), () => json);
}
