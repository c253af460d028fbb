import type NodeModule from 'node:module';
import { libraries } from '../../base/load-library.js';

/** A file of class-validator. */
export const CLASS_VALIDATOR = /[\\/]node_modules[\\/]class-validator[\\/]/;
/** The name of each class that class-validator makes for a rule. A class that a user wrote has its own. */
const MADE = 'CustomConstraint';

/** A class that checks a rule. */
interface Constraint {
  readonly name: string;
  readonly target: { readonly name: string };
}
/** The variable in which class-validator records all rules. Its types don't show the map. */
interface Global {
  readonly classValidatorMetadataStorage?: {
    readonly constraintMetadatas?: ReadonlyMap<unknown, readonly Constraint[]>;
  };
}

/**
 * Returns the modules of class-validator that the rules of all DTOs need. Returns undefined if they aren't known: a rule
 * that a user wrote may call any function of class-validator.
 */
export function modulesOfRules(): ReadonlySet<NodeModule> | undefined {
  const names = declaredRules();
  if (!names) return undefined;
  const cached = Object.values(libraries.cache).filter((each) => each !== undefined);
  const found = cached.filter((each) => names.has(ruleOf(each)));
  if (new Set(found.map(ruleOf)).size < names.size) return undefined;
  const modules = new Set<NodeModule>();
  for (const each of found) addWithChildren(each, modules);
  return modules;
}

/** Returns the names of the rules that were declared so far; undefined if a user wrote one of them. */
function declaredRules(): ReadonlySet<string | undefined> | undefined {
  const { classValidatorMetadataStorage: storage } = globalThis as Global;
  if (!storage) return new Set();
  if (!(storage.constraintMetadatas instanceof Map)) return undefined;
  const all = [...storage.constraintMetadatas.values()].flat();
  return all.every(({ target }) => target.name === MADE) ? new Set(all.map(({ name }) => name)) : undefined;
}

/** Returns the rule that a module of class-validator is for: each of these exports one name. */
function ruleOf(module: NodeModule): string | undefined {
  if (!CLASS_VALIDATOR.test(module.filename)) return undefined;
  const exports = module.exports as Readonly<Record<string, unknown>> | null;
  const names = Object.values(exports ?? {}).filter((each) => typeof each === 'string');
  return names.length === 1 ? names[0] : undefined;
}

/** The rule `isDateString`, for example, calls a function in the module of `isIso8601`. */
function addWithChildren(module: NodeModule, to: Set<NodeModule>): void {
  if (to.has(module)) return;
  to.add(module);
  for (const each of module.children) addWithChildren(each, to);
}
