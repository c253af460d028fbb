import type { DefinitionProblem } from './reader.js';

interface AstNode {
  readonly parent?: AstNode;
  readonly type: string;
  readonly keyNode?: { readonly value: string };
  readonly items?: readonly AstNode[];
}

interface AstDocument {
  getNodeFromOffset(offset: number): AstNode | undefined;
}

const ERROR = 1;
/** Left to our own check, which reads paths and functions more closely: `States.Array()` is right. */
const PATH_MESSAGE = 'The value for the field must be a valid JSONPath or intrinsic function expression.';

type Check = (definition: string) => Promise<DefinitionProblem[]>;

let loaded: Promise<Check> | undefined;

/**
 * What a library of the language finds wrong with a definition: its schema, targets, paths. Blind to broken JSONata
 * and to most of what needs more than one field to see. Loads the library at the first call, which takes a
 * third of a second.
 */
export async function checkByLibrary(definition: string): Promise<DefinitionProblem[]> {
  loaded ??= load();
  const check = await loaded;
  return check(definition);
}

async function load(): Promise<Check> {
  // Not every name of the CommonJS module is seen from outside: the default has them all.
  const { default: library } = await import('amazon-states-language-service');
  const { getLanguageService, TextDocument } = library;
  const service = getLanguageService({});
  return async (definition) => {
    const text = TextDocument.create('file:///machine.asl.json', 'asl', 1, definition);
    const parsed = service.parseJSONDocument(text);
    // The document is a syntax tree, which its declaration does not show.
    const tree: unknown = parsed;
    if (!isTree(tree)) throw new Error('the parsed definition is no syntax tree');
    const found = await service.doValidation(text, parsed);
    const errors = found.filter(({ severity, message }) => severity === ERROR && message !== PATH_MESSAGE);
    return errors.map(({ message, range }) => {
      const node = tree.getNodeFromOffset(text.offsetAt(range.start));
      const said = typeof message === 'string' ? message : message.value;
      return { path: pathOf(node), text: said.replace(/\.$/, '') };
    });
  };
}

function isTree(value: unknown): value is AstDocument {
  return typeof value === 'object' && value !== null && 'getNodeFromOffset' in value;
}

/** Where a node stands, as the service writes it: `/States/X/Next`. */
function pathOf(node: AstNode | undefined): string {
  let path = '';
  for (let at = node; at?.parent; at = at.parent) {
    const { parent } = at;
    if (at.type === 'property') path = `/${at.keyNode?.value ?? ''}${path}`;
    else if (parent.type === 'array') path = `[${parent.items?.indexOf(at) ?? 0}]${path}`;
  }
  return path || '/';
}
