/** The files of class-validator with one rule each. */
const RULE = /[\\/]class-validator[\\/]cjs[\\/]decorator[\\/].+\.js$/;
/** The line of such a file that loads the function behind its rule from another package. */
const LOADS =
  /^const (\w+) = (__import\w+|)\(?require\("(validator(?:\/lib\/\w+)?|libphonenumber-js\/\w+)"\)\)?;$/m;

/**
 * Makes each rule of class-validator load the function behind it when the rule first checks a value. Otherwise its
 * decorators load more than a hundred files of `validator` and seventy of `libphonenumber-js`, whichever rules a DTO
 * has.
 * @returns the text of the module; unchanged if its form isn't the known one
 */
export function withLazyRules(source: string, filename: string): string {
  const [line, name = '', wrap, path = ''] = (RULE.test(filename) && LOADS.exec(source)) || [];
  if (line === undefined) return source;
  const rest = source.replace(line, '');
  const called = new Set(Array.from(rest.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g')), ([, key]) => key));
  const [key] = called;
  // The package has to be used for calls of one function of it, as in `(0, isEmail_1.default)(value)`.
  if (key === undefined || called.size > 1 || new RegExp(`\\b${name}\\b(?![.:])`).test(rest)) return source;
  const load = wrap ? `${wrap}(require("${path}"))` : `require("${path}")`;
  // If the package is missing, the start fails as it does otherwise, and not the first task.
  const isThere = `require.resolve("${path.replace(/\/lib\/.*/, '')}");`;
  return source.replace(line, `const ${name} = { get ${key}() { return ${load}.${key}; } }; ${isThere}`);
}
