/** Names that are not a user's to give: `States.` is the service's, `Stepwright.` the worker's own. */
export function isReserved(name: string): boolean {
  return name.startsWith('States.') || name.startsWith('Stepwright.');
}
