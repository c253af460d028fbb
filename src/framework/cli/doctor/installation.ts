import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oneCopyFix, otherCopies, ourCopy } from '../../declare/other-copies.js';
import { type Finding, fault, ok, warning } from './finding.js';

const TELEMETRY = '@opentelemetry/api';

/** Checks that class decorators of one copy of tsyringe alone are loaded. A start tells of two copies of other peers. */
export function checkCopies(): Finding[] {
  const check = { check: 'copies', subject: 'peer dependencies', expected: 'one copy of each' } as const;
  const [other] = otherCopies('tsyringe', CONTAINER);
  if (!other) return [ok(check, 'one copy of each')];
  const got = `another copy of tsyringe (${other.folder}) is loaded than Stepwright uses (${ourCopy('tsyringe', CONTAINER)}): a class whose @injectable comes from it can not be injected`;
  return [warning(check, got, oneCopyFix('tsyringe'))];
}

const CONTAINER = 'dist/cjs/dependency-container.js';

interface Copy {
  readonly folder: string;
  readonly version: string;
}

/**
 * Checks that only one version of the OpenTelemetry API is installed. If there are several, a newer copy doesn't accept
 * what an older copy has set up, and silently records nothing.
 * @param projectDir the folder of the nearest package.json
 */
export function checkTelemetry(projectDir: string): Finding[] {
  const copies = copiesBelow(join(projectDir, 'node_modules'));
  const ours = copyFrom(fileURLToPath(import.meta.url));
  if (ours && !copies.some(({ folder }) => folder === ours.folder)) copies.push(ours);
  if (copies.length === 0) return [];
  const check = { check: 'telemetry', subject: TELEMETRY, expected: 'one version' } as const;
  const versions = [...new Set(copies.map(({ version }) => version))];
  if (versions.length === 1) return [ok(check, versions.join())];
  const got = copies.map(({ folder, version }) => `${version} in ${folder}`).join('; ');
  const fix = `hold one version, that which the OpenTelemetry SDK asks for: "overrides": { "${TELEMETRY}": "VERSION" } in package.json, then \`npm install\`; \`npm ls ${TELEMETRY}\` shows who asks for which`;
  const theirs = copyFrom(join(projectDir, 'anything.js'));
  // A copy that is used neither by Stepwright nor by the project doesn't matter: only its own user's records are
  // lost.
  const apart = ours && theirs && ours.version !== theirs.version;
  return [apart ? fault(check, `${got}: what Stepwright records is lost`, fix) : warning(check, got, fix)];
}

/**
 * Returns the copy of the OpenTelemetry API that a file would import: the one in the nearest node_modules above the
 * file, as Node finds it.
 */
function copyFrom(file: string): Copy | undefined {
  for (let dir = dirname(file); ; dir = dirname(dir)) {
    const manifest = join(dir, 'node_modules', TELEMETRY, 'package.json');
    if (existsSync(manifest)) return copyOf(manifest);
    if (dir === dirname(dir)) return undefined;
  }
}

function copyOf(manifest: string): Copy {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return { folder: dirname(realpathSync(manifest)), version };
}

/**
 * Returns every copy of the OpenTelemetry API in a node_modules folder and the folders in it, including pnpm's store.
 * Links are not followed, since their targets are in these folders too.
 */
function copiesBelow(modules: string): Copy[] {
  const manifest = join(modules, TELEMETRY, 'package.json');
  const here = existsSync(manifest) ? [copyOf(manifest)] : [];
  const found = [...here, ...packagesIn(modules).flatMap((each) => copiesBelow(join(each, 'node_modules')))];
  return found.filter(({ folder }, index) => found.findIndex((each) => each.folder === folder) === index);
}

/**
 * Returns the folders of the packages in a node_modules folder, including scoped packages and the packages in pnpm's
 * store.
 */
function packagesIn(modules: string): string[] {
  return foldersIn(modules).flatMap((name) => {
    const folder = join(modules, name);
    const holds = name.startsWith('@') || name === '.pnpm';
    return holds ? foldersIn(folder).map((each) => join(folder, each)) : [folder];
  });
}

function foldersIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? each.name : []));
}
