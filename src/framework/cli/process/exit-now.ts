let intended = false;

/**
 * Exits the process at once. The commands exit only through this function, so that an exit by user code can be told
 * apart.
 */
export function exitNow(code: number): never {
  intended = true;
  process.exit(code);
}

/** Returns true if `exitNow` was called. If the process exits without that call, user code has ended it. */
export const isExitIntended = (): boolean => intended;
