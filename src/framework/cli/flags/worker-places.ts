import { type Address, readAddress, showAddress } from '../../config/address.js';

/** The port of a place that names none. The templates in `deploy/` and the documentation use it. */
const DEFAULT_PORT = 8080;

/** What the help says of the flag. */
export const PLACES_HELP = `health ports: a name with many addresses, or a list (default port: ${DEFAULT_PORT})`;

/** The health ports that the flag `--workers` names. */
interface WorkerPlaces {
  readonly places: readonly Address[];
  /** A text for each mistake, with a proposal. */
  readonly mistakes: readonly string[];
}

/**
 * Reads the values of the flag `--workers`, each of which is a list with commas. A place is `NAME`, `NAME:PORT`, or only
 * a port on this machine.
 */
export function readPlaces(values: readonly string[]): WorkerPlaces {
  const texts = values.flatMap((value) => value.split(',')).map((text) => text.trim());
  const read = texts.filter((text) => text !== '').map((text) => placeIn(text) ?? mistakeIn(text));
  const places = read.filter((each) => typeof each !== 'string');
  const mistakes = read.filter((each) => typeof each === 'string');
  if (read.length === 0) mistakes.push(`${EXPECTED}, got nothing`);
  return { places, mistakes };
}

const EXPECTED =
  '--workers: expected NAME[:PORT] of health ports, separated by commas, such as worker.jobs.svc:8080';

/** Reads a place, which may be a port alone, or have none. */
function placeIn(text: string): Address | undefined {
  const whole = /:\d+$/.test(text) ? text : `${text}:${DEFAULT_PORT}`;
  const found = readAddress(/^\d+$/.test(text) ? Number(text) : whole);
  return found && found.port > 0 ? found : undefined;
}

function mistakeIn(text: string): string {
  const proposal = proposalFor(text);
  return `${EXPECTED}, got '${text}'${proposal === undefined ? '' : `: did you mean ${proposal}?`}`;
}

/** Proposes the place that a URL leads to, or an IPv6 address with its brackets. */
function proposalFor(text: string): string | undefined {
  if (/^[0-9a-f:]+$/i.test(text) && text.split(':').length > 2) return `[${text}]:${DEFAULT_PORT}`;
  const [, place = ''] = /^\w+:\/\/(?:[^@/]*@)?([^/?#]+)/.exec(text) ?? /^([^/?#]+)\//.exec(text) ?? [];
  const found = placeIn(place);
  return found && showAddress(found);
}
