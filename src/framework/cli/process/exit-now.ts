let intended = false;

/** Ends the process, as the command means it to end. */
export function exitNow(code: number): never {
  intended = true;
  process.exit(code);
}

/** Whether the process ends because the command means it to. */
export const isExitIntended = (): boolean => intended;
