/**
 * The flags of this process that its lanes inherit.
 *
 * A lane does not run the program again, so it must not inherit a flag that runs the user's code, names another
 * program, opens a port, or writes a file at exit (`--import`, `--require`, `--loader`, `-e`, `--env-file`,
 * `--inspect`, `--watch`, `--test`, `--cpu-prof` …). Lanes inherit only the flags that are listed here: a flag of a
 * later Node.js is not inherited until it is added to the list. Permissions are on the list because a Worker with flags
 * of its own is restricted only by the permissions among these flags.
 *
 * All are passed as arguments, also those from `NODE_OPTIONS`: the pool option `env` replaces the host's environment,
 * and must not lift a permission.
 */

/** Flags of a Node.js environment: threads and processes need them as arguments. */
const OF_EVERY_LANE = [
  ...['permission', 'permission-audit', 'experimental-permission', 'allow-fs-read', 'allow-fs-write'],
  ...['allow-child-process', 'allow-worker', 'allow-addons', 'allow-wasi', 'allow-ffi', 'allow-net'],
  ...['allow-fs-vfs', 'allow-inspector', 'allow-openssl-store', 'experimental-policy', 'addons'],
  ...['frozen-intrinsics', 'experimental-ffi', 'warnings', 'disable-warning', 'deprecation'],
  ...['trace-warnings', 'trace-deprecation', 'trace-uncaught', 'enable-source-maps', 'conditions', 'C'],
  ...['preserve-symlinks', 'preserve-symlinks-main', 'global-search-paths', 'require-module'],
  ...['experimental-require-module', 'strip-types', 'experimental-strip-types', 'max-http-header-size'],
  ...['tls-min-v1.2', 'tls-min-v1.3', 'tls-max-v1.2', 'tls-max-v1.3', 'dns-result-order', 'use-env-proxy'],
];

/** Flags of a process: its threads share them, and a Worker refuses most of them. A `*` stands for any ending. */
const OF_PROCESS_LANES = [
  ...['max-*', 'stack-size', 'stack-trace-limit', 'jitless', 'disallow-code-generation-from-strings'],
  ...['disable-proto', 'policy-integrity', 'secure-heap', 'secure-heap-min', 'zero-fill-buffers'],
  ...['force-fips', 'enable-fips', 'openssl-*', 'use-openssl-ca', 'use-bundled-ca', 'use-system-ca'],
  ...['tls-cipher-list', 'icu-data-dir', 'disable-sigusr1'],
];

const KEPT = {
  thread: matcher(OF_EVERY_LANE),
  process: matcher([...OF_EVERY_LANE, ...OF_PROCESS_LANES]),
} as const;

/** With these flags Node.js runs no program, or one that is not the lane's. */
const OTHER_PROGRAM = matcher([
  ...['e', 'eval', 'p', 'print', 'pe', 'i', 'interactive', 'c', 'check', 'h', 'help', 'v', 'version'],
  ...['test', 'watch', 'watch-path', 'run', 'bench', 'v8-options', 'completion-bash', 'prof-process'],
  ...['build-snapshot', 'build-snapshot-config', 'build-sea', 'experimental-sea-config'],
]);

/** The flags that lanes inherit from this process, in the order in which Node.js reads them. */
export function inheritedFlags(isolation: 'thread' | 'process'): string[] {
  let kept = false;
  return [...optionsOf(process.env['NODE_OPTIONS'] ?? ''), ...process.execArgv].filter((one) => {
    // An argument that does not begin with a dash is the value of the flag before it.
    if (one.startsWith('-')) kept = KEPT[isolation].test(nameOf(one));
    return kept;
  });
}

/** The first of the flags that prevents Node.js from running a lane's program; undefined if none does. */
export function otherProgram(flags: readonly string[]): string | undefined {
  return flags.find((one, index) => {
    if (one === '-' || one === '--') return true;
    if (one.startsWith('-')) return OTHER_PROGRAM.test(nameOf(one));
    // An argument is the value of the flag before it if that flag has no value yet; otherwise it is a program.
    const before = flags[index - 1];
    return before?.startsWith('-') !== true || before.includes('=') || before.startsWith('--no-');
  });
}

/** The arguments in `NODE_OPTIONS`: separated by spaces, some in double quotes with backslash escapes. */
function optionsOf(text: string): string[] {
  const words = text.match(/(?:"(?:\\.|[^"\\])*"?|[^ "])+/gs) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"?/gs, (_, quoted: string) => quoted.replace(/\\(.)/gs, '$1')),
  );
}

/** `--no-max_x=1` is `max-x`. */
function nameOf(flag: string): string {
  const [name = ''] = flag.split('=');
  return name.replace(/^--?/, '').replaceAll('_', '-').replace(/^no-/, '');
}

function matcher(names: readonly string[]): RegExp {
  const patterns = names.map((name) => name.replaceAll('.', '\\.').replace('*', '.*'));
  return new RegExp(`^(${patterns.join('|')})$`);
}
