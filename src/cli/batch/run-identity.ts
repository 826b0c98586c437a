/** What decides the results of a run: see `state/manifest.ts`. */
import { libraryBuild } from 'offthread';
import type { OpenedTarget } from '../target/open-target.js';
import type { Target } from '../target/target-options.js';
import type { BatchSettings } from './batch-settings.js';
import type { RunIdentity } from './state/manifest.js';

export function identityOf(target: Target, { file }: OpenedTarget, settings: BatchSettings): RunIdentity {
  const { input, args, shard, values, ordered, out, deadLetter, log } = settings;
  return {
    library: { name: target.library, file, build: file === null ? null : libraryBuild(file) },
    declaration: declarationOf(target),
    input: { format: input.format, header: input.header, args },
    shard,
    output: { values, ordered },
    files: { out, deadLetter, log },
  };
}

/** A prototype is compared by what it says: blanks do not count. */
function declarationOf({ declaration, description, fills }: Target): RunIdentity['declaration'] {
  const { prototype, ...beside } = declaration;
  const filled = fills.size === 0 ? {} : { fills: [...fills] };
  return {
    text: typeof prototype === 'string' ? prototype : JSON.stringify(declaration),
    key: JSON.stringify({ ...(prototype === undefined ? {} : description), ...beside, ...filled }),
  };
}
