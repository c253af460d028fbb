import { Script } from 'node:vm';
import type { Problem } from '../../base/errors.js';
import type { Constructor } from '../class.js';

/**
 * Finds keys that the compiler has renamed. In a class with a decorator, TypeScript 7.0 writes its own name for the
 * class (`Charge_1`) also where the source has a key that is named like the class (`{ Charge: 5 }`). A key that the
 * source itself names `Charge_1` is no problem. The compiled text of each class and of its base classes is read. What a
 * bundler has renamed isn't found.
 */
export function renamedKeyProblems(types: Iterable<Constructor>): Problem[] {
  const all = new Set(Array.from(types, withBases).flat());
  return [...all].flatMap((type): Problem[] => {
    const text = Function.prototype.toString.call(type);
    const [, name] = /^class\s+([^\s{]+)/.exec(text) ?? [];
    const alias = name === undefined ? undefined : renamedKey(name, text);
    if (name === undefined || alias === undefined) return [];
    return [
      {
        code: 'KEY_RENAMED',
        where: name,
        what: `the compiler wrote ${alias} where the source has the key ${name}: TypeScript 7.0 renames a key that is named like its class`,
        fix: `quote it, as in { '${name}': … }; or compile by another compiler: npm install --save-dev typescript@~6.0`,
      },
    ];
  });
}

/** Returns a class and its base classes. */
function withBases(type: Constructor): Constructor[] {
  const base: unknown = Object.getPrototypeOf(type);
  return typeof base === 'function' ? [type, ...withBases(base as Constructor)] : [type];
}

function renamedKey(name: string, text: string): string | undefined {
  // What follows is what can follow a key.
  const alias = `(?<![\\w$#.])${name.replaceAll('$', String.raw`\$`)}_\\d+(?=\\s*[:(=;,}/])`;
  const found = [...text.matchAll(new RegExp(alias, 'g'))];
  return found.find((each) => isKey(text, each) && isAlias(each[0], text))?.[0];
}

/** Returns true if a word of a class's text is a key: only there, and outside of code, can a keyword stand for it. */
function isKey(text: string, { 0: word, index }: RegExpExecArray): boolean {
  const parses = (instead: string): boolean => {
    const changed = text.slice(0, index) + instead + text.slice(index + word.length);
    try {
      // The script is never run.
      void new Script(`(${changed.replaceAll('import.meta', 'globalThis')})`);
      return true;
    } catch {
      return false;
    }
  };
  const isCode = !parses('@');
  return isCode && (parses('if') || parses('if: 0'));
}

/**
 * Returns true if the compiler has bound a class to a name, as in `Charge = Charge_1 = class Charge`. The binding stands
 * before the class's own text, so it is searched in all code that V8 has loaded.
 */
function isAlias(name: string, text: string): boolean {
  if (text.includes(`static { ${name} = this; }`)) return true;
  const bound = new RegExp(`(?<![\\w$.])${name.replaceAll('$', String.raw`\$`)} = (?:\\w+ = )?$`);
  const inspector = process.getBuiltinModule('node:inspector');
  const session = new inspector.Session();
  let found = false;
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
    if (found || url.startsWith('node:')) return;
    session.post('Debugger.getScriptSource', { scriptId }, (_, answer) => {
      const [before = '', ...rest] = answer?.scriptSource.split(text) ?? [];
      found = rest.length > 0 && bound.test(before);
    });
  });
  try {
    session.connect();
    session.post('Debugger.enable');
  } catch {
    // Node's permission model forbids the inspector.
  } finally {
    session.disconnect();
  }
  return found;
}
