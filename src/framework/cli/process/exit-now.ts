let intended = false;

/** Ends the process by the command's own decision. */
export function exitNow(code: number): never {
  intended = true;
  process.exit(code);
}

/** Returns true once the command itself has ended the process: an exit of user code is none of its own. */
export const isExitIntended = (): boolean => intended;
