import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** The paths of usual installations. `CHROMIUM` names another. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Returns the path of Chromium on this machine; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM: named } = process.env;
  return [...(named ? [named] : []), ...PATHS].find((path) => existsSync(path));
}

/** Starts a Chromium that loads pages from this machine only: no other name resolves in it. */
export function startChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}
