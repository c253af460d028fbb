/**
 * The modules that class-validator requires for single rules. They are half of all that a start would load, and a DTO
 * needs a few of them.
 */
const RULE = /^(?:validator(?:\/lib\/\w+)?|libphonenumber-js\/max)$/;
const CLASS_VALIDATOR = /[\\/]node_modules[\\/]class-validator[\\/]/;

/** Returns true if a module needs another one only when a rule of class-validator is checked. */
export const isLate = (path: string, request: string): boolean =>
  RULE.test(request) && CLASS_VALIDATOR.test(path);

/**
 * Returns the exports of a CommonJS module, which is loaded when the first of them is read. TypeScript's helpers read
 * `__esModule` before that; they would then make an object with the module as its `default`.
 */
export function lateModule(load: () => unknown): object {
  let exports: Readonly<Record<PropertyKey, unknown>> | undefined;
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === '__esModule') return true;
        exports ??= load() as Readonly<Record<PropertyKey, unknown>>;
        return name === 'default' && exports['__esModule'] !== true ? exports : exports[name];
      },
    },
  );
}
