import { systemClock } from '../../base/time/clock.js';

/** The pause after each module that {@link loadLateModules} loads, since loading one blocks the event loop. */
const PAUSE_MS = 10;

/**
 * The modules that class-validator requires for single rules. They are half of all that a start would load, and a DTO
 * needs a few of them.
 */
const RULE = /^(?:validator(?:\/lib\/\w+)?|libphonenumber-js\/max)$/;
const CLASS_VALIDATOR = /[\\/]node_modules[\\/]class-validator[\\/]/;

/** Returns true if a module needs another one only when a rule of class-validator is checked. */
export const isLate = (path: string, request: string): boolean =>
  RULE.test(request) && CLASS_VALIDATOR.test(path);

/** Each loads a module that was put off, unless a rule has needed it before. */
const putOff: (() => unknown)[] = [];

/**
 * Loads the modules that were put off. A worker calls it when its polls are open: the files of a package may be
 * replaced while it runs, and a task must not fail because one is missing.
 */
export async function loadLateModules(): Promise<void> {
  for (const load of putOff.splice(0)) {
    try {
      load();
    } catch {
      // It is tried again when a rule needs it, whose check then fails with this error.
    }
    await systemClock.sleep(PAUSE_MS);
  }
}

/**
 * Returns the exports of a CommonJS module, which is loaded when the first of them is read. TypeScript's helpers read
 * `__esModule` before that; they would then make an object with the module as its `default`.
 */
export function lateModule(load: () => unknown): object {
  let exports: Readonly<Record<PropertyKey, unknown>> | undefined;
  const loaded = () => (exports ??= load() as Readonly<Record<PropertyKey, unknown>>);
  putOff.push(loaded);
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === '__esModule') return true;
        const all = loaded();
        return name === 'default' && all['__esModule'] !== true ? all : all[name];
      },
    },
  );
}
