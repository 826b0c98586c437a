/**
 * Add-ons for tests: those of native/addons, and packages from the registry (test/packages). A test file that imports this
 * one has them installed and compiled by `npm test` before it runs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from './testlib.js';

/** The folder from which the packages can be resolved. */
export const packagesFolder: string = join(packageRoot(), '.cache/packages');

if (!existsSync(join(packagesFolder, 'node_modules/.stamp'))) {
  throw new Error('The packages of the tests are not installed: run node scripts/packages.mjs');
}

const near = createRequire(join(packagesFolder, 'package.json'));

export type AddonName = 'boot' | 'constructed' | 'pending' | 'single' | 'unload' | 'work';

/** The compiled native/addons/NAME.c. */
export function addon(name: AddonName): string {
  return join(packageRoot(), `build/native/${name}.node`);
}

/** The file that `require(name)` loads. */
export function packageFile(name: string): string {
  return near.resolve(name);
}

/** Defines a test of a package; it is pending, with the reason in its title, where there is no binary of the package. */
export function withPackage(
  name: string,
  title: string,
  test: (this: Mocha.Context) => void | Promise<void>,
): void {
  const reason = lack(name);
  if (reason === undefined) it(title, test);
  else it.skip(`${title} (${reason})`);
}

/** Why the package cannot be used here. On Linux with glibc on x64 all have binaries, so there that is a failure. */
function lack(name: string): string | undefined {
  const { engines } = JSON.parse(
    readFileSync(join(packagesFolder, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { engines?: { node?: string } };
  const oldest = Number(/^>= *(\d+)/.exec(engines?.node ?? '')?.[1] ?? 0);
  const [major] = process.versions.node.split('.');
  if (Number(major) < oldest) return `needs Node.js ${oldest}`;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime !== undefined && process.arch === 'x64') return undefined;
  try {
    execFileSync(process.execPath, ['-e', 'require(process.argv[1])', packageFile(name)], {
      stdio: 'ignore',
    });
    return undefined;
  } catch {
    return `has no binary for ${process.platform} ${process.arch}`;
  }
}
