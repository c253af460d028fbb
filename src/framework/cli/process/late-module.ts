import type NodeModule from 'node:module';
import { systemClock } from '../../base/time/clock.js';
import { CLASS_VALIDATOR, modulesOfRules } from './rule-modules.js';

/** The pause after each module that {@link loadLateModules} loads, since loading one blocks the event loop. */
const PAUSE_MS = 10;

/**
 * The modules that class-validator requires for single rules. They are half of all that a start would load, and a DTO
 * needs a few of them.
 */
const RULE = /^(?:validator(?:\/lib\/\w+)?|libphonenumber-js\/max)$/;

/** Returns true if a module needs another one only when a rule of class-validator is checked. */
export const isLate = (path: string, request: string): boolean =>
  RULE.test(request) && CLASS_VALIDATOR.test(path);

/** A module that was put off. */
interface PutOff {
  /** The module that requires it. */
  readonly by: NodeModule;
  /** Loads it, unless a rule has needed it before. */
  readonly load: () => unknown;
}

const putOff: PutOff[] = [];

/**
 * Loads the modules that were put off and that the rules of the DTOs need. A worker calls it when its polls are open: the
 * files of a package may be replaced while it runs, and a task must not fail because one is missing. The others are loaded
 * if code of the user calls a function of class-validator that needs them.
 */
export async function loadLateModules(): Promise<void> {
  for (const load of neededModules()) {
    try {
      load();
    } catch {
      // It is tried again when a rule needs it, whose check then fails with this error.
    }
    await systemClock.sleep(PAUSE_MS);
  }
}

function neededModules(): PutOff['load'][] {
  const all = putOff.splice(0);
  if (all.length === 0) return [];
  const needing = modulesOfRules();
  return all.filter(({ by }) => needing?.has(by) ?? true).map(({ load }) => load);
}

/**
 * Returns the exports of a CommonJS module, which is loaded when the first of them is read. TypeScript's helpers read
 * `__esModule` before that; they would then make an object with the module as its `default`.
 */
export function lateModule(by: NodeModule, request: string): object {
  let exports: Readonly<Record<PropertyKey, unknown>> | undefined;
  const load = () => (exports ??= by.require(request) as Readonly<Record<PropertyKey, unknown>>);
  putOff.push({ by, load });
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === '__esModule') return true;
        const all = load();
        return name === 'default' && all['__esModule'] !== true ? all : all[name];
      },
    },
  );
}
