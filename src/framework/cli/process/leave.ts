let meant = false;

/** Ends the process, as the command means it to end. */
export function leave(code: number): never {
  meant = true;
  process.exit(code);
}

/** Whether the process ends because the command means it to. */
export const isMeant = (): boolean => meant;
