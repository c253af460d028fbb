import { createLog } from '../log.js';

/** How a command that runs was told to log. */
export interface LogFlags {
  readonly logLevel: string;
  readonly logFormat?: 'pretty' | 'json';
}

/** For a person where there is a terminal, a line of JSON each where there is none. */
export const logFor = ({ logLevel, logFormat }: LogFlags): ReturnType<typeof createLog> =>
  createLog({ level: logLevel, pretty: logFormat ? logFormat === 'pretty' : process.stdout.isTTY });
