let intended = false;

/**
 * Exits the process at once. The commands exit only through this function. So an exit without it must have come from
 * user code, which is then reported.
 */
export function exitNow(code: number): never {
  intended = true;
  process.exit(code);
}

/** Returns true if `exitNow` was called. If the process exits without that call, user code has ended it. */
export const isExitIntended = (): boolean => intended;
