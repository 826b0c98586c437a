/**
 * The files of the host's code, in the order in which they are loaded, and the doors that lead to them.
 *
 * A door is a module that an earlier file has only by name: each of its functions loads the later file, synchronously,
 * and calls the real one. Its exports are functions, apart from types, and none is called often. What only doors of a
 * file import is in that file, too; what several files need is in the first one of them, which the others then load, too.
 */
export const FIRST_FILE = 'index.js';

export const LATER_FILES = [
  {
    // What every pool needs until its first call is answered.
    file: 'offthread-core.cjs',
    doors: ['src/lanes/memory/live-bytes.ts', 'src/pool-core.ts'],
  },
  {
    // For declarations with callbacks, structs, C prototypes, or names that are not types.
    file: 'offthread-declarations.cjs',
    doors: [
      'src/declare/compile/c-names.ts',
      'src/declare/compile/callback-parameters.ts',
      'src/declare/compile/memory-parameters.ts',
      'src/declare/language/structs.ts',
      'src/declare/memory/struct-arguments.ts',
      'src/declare/prototype/from-prototype.ts',
    ],
  },
  {
    // Process lanes.
    file: 'offthread-process.cjs',
    doors: [
      'src/engines/system/system-calls.ts',
      'src/lanes/process/process-kind.ts',
      'src/supervisor/lifecycle/probe-open.ts',
    ],
  },
  {
    // Modules.
    file: 'offthread-modules.cjs',
    doors: [
      'src/modules/open-module.ts',
      'src/supervisor/host-functions/module-requests.ts',
      'src/supervisor/lifecycle/probe-module.ts',
    ],
  },
  {
    // What few programs need, or none before their first calls.
    file: 'offthread-late.cjs',
    doors: [
      'src/calls/admission/refusals.ts',
      'src/calls/columns/map-columns.ts',
      'src/calls/combinators/parallel.ts',
      'src/calls/combinators/race.ts',
      'src/calls/combinators/retry.ts',
      'src/calls/map/map.ts',
      'src/calls/sessions/make-sessions.ts',
      'src/declare/compile/describe.ts',
      'src/declare/values/explain.ts',
      'src/engines/bindings/node-ffi.ts',
      'src/engines/loading/describe-library.ts',
      'src/engines/loading/library-error.ts',
      'src/engines/object-files/library-build.ts',
      'src/lanes/rows/argument-digest.ts',
      'src/lanes/thread/thread-death.ts',
      'src/lane-activity.ts',
      'src/pool-stats.ts',
      'src/supervisor/lifecycle/crash-error.ts',
      'src/supervisor/lifecycle/start-advice.ts',
      'src/supervisor/lifecycle/unavailable.ts',
    ],
  },
];
