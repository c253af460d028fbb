import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's, or what `CHROMIUM` names. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is on this machine; undefined where it is not. */
export function findChromium(): string | undefined {
  const { CHROMIUM: named } = process.env;
  return [...(named ? [named] : []), ...PLACES].find((path) => existsSync(path));
}

/** Starts it. It loads pages from this machine only: nothing else has an address in it. */
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
