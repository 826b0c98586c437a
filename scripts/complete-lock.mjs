/**
 * Adds to the lock files of the project and of the tests' packages the platform packages that npm left out because the
 * registry it asked does not carry them. `npm ci` refuses a lock file that lacks an optional dependency, whatever the
 * platform.
 *
 *   node scripts/complete-lock.mjs        after an npm install that changed the lock file
 *
 * Only optional dependencies with an exact version are added, as what their names say: `…-linux-x64-musl`. They have
 * no integrity, as nobody has seen them; npm adds it when it installs one.
 */
import { writeFileSync } from 'node:fs';
import { fail, inRoot, readJson, say } from './tools.mjs';

const platforms = ['android', 'darwin', 'freebsd', 'linux', 'openbsd', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** What `os`, `cpu` and `libc` a package of that name has; undefined when the name does not tell. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = platforms.find((word) => words.includes(word));
  const cpu = processors.find((word) => words.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  const libc =
    os !== 'linux' ? undefined : words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc'];
  return { os: [os], cpu: [cpu], libc };
}

/** Adds what is missing to one lock file. */
function complete(file) {
  const lock = readJson(file) ?? fail(`${file} is missing`);
  const added = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const places = [`node_modules/${name}`, `${path}/node_modules/${name}`];
      if (places.some((place) => lock.packages[place] !== undefined)) continue;
      const platform = platformOf(name);
      if (platform === undefined || !/^\d+\.\d+\.\d+/.test(version))
        fail(`cannot tell which platform ${name}@${version} is for.`);
      const { os, cpu, libc } = platform;
      const { dev, license, engines } = entry;
      lock.packages[places[0]] = { version, cpu, dev, libc, license, optional: true, os, engines };
      added.push(name);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (added.length === 0) return;
  writeFileSync(inRoot(file), `${JSON.stringify(lock, null, 2)}\n`);
  say(`added to ${file}: ${added.length} platform packages`);
}

for (const file of ['package-lock.json', 'test/packages/package-lock.json']) complete(file);
