let intended = false;

/** Ends the process at once, by a decision of the command. */
export function exitNow(code: number): never {
  intended = true;
  process.exit(code);
}

/** Returns true once `exitNow` was called: any other exit is that of user code. */
export const isExitIntended = (): boolean => intended;
