/** The default export of a module. One compiled to CommonJS arrives as the default of the default. */
export function defaultExport(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  const isWrapped = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isWrapped && 'default' in exported ? exported.default : exported;
}
