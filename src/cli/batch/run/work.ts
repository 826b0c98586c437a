/** What a run works on: its files, and what earlier runs have done, if there is a state directory. */
import { createReadStream } from 'node:fs';
import { Output } from '../../console/output.js';
import { UsageError } from '../../console/usage-error.js';
import type { OpenedTarget } from '../../target/open-target.js';
import type { Target } from '../../target/target-options.js';
import type { BatchSettings } from '../batch-settings.js';
import type { ItemGroup } from '../input/input-items.js';
import { StreamSink } from '../output/stream-sink.js';
import { identityOf } from '../run-identity.js';
import { checkedGroups } from '../state/checked-groups.js';
import { Committer } from '../state/committer.js';
import { EndedItems } from '../state/ended-items.js';
import { explain } from '../state/explain-changes.js';
import type { RunIdentity } from '../state/manifest.js';
import { KeyList } from '../state/key-list.js';
import { StateDirectory } from '../state/state-directory.js';
import type { FedGroup } from './item-feed.js';
import { openItems } from './open-items.js';
import { FILE_NAMES, type RunFiles, openCommitted, openFiles, outPath } from './run-files.js';

export interface Work {
  readonly files: RunFiles;
  readonly ended: EndedItems;
  /** Number of items that have failed in earlier runs. */
  readonly failed: number;
  /** The items that are to run. */
  readonly groups: AsyncGenerator<FedGroup, void>;
  readonly commits: number;
  /** Commits when that is due. @param failed number of items that have failed. */
  tick(now: number, failed: number): Promise<void> | undefined;
  /** Writes the rest. @param complete whether the input has been worked off. */
  end(failed: number, complete: boolean): Promise<void>;
}

export interface WorkParts {
  readonly target: Target;
  readonly opened: OpenedTarget;
  readonly settings: BatchSettings;
  readonly groups: AsyncGenerator<ItemGroup, void>;
  /** Reads the input once more. */
  readonly reread: () => AsyncIterable<ItemGroup>;
  /** Tells people what they asked for. */
  readonly tell: (line: string) => void;
  /** Tells people what happens. */
  readonly say: (line: string) => void;
}

/** @throws (rejects) UsageError */
export async function openWork(parts: WorkParts): Promise<Work> {
  const { settings, groups } = parts;
  if (settings.state !== null) return resumableWork(parts, settings.state);
  const files = await openFiles(settings);
  return {
    files,
    ended: new EndedItems(),
    failed: 0,
    groups: all(groups),
    commits: 0,
    tick: () => undefined,
    async end() {
      for (const name of FILE_NAMES) {
        const file = files[name];
        if (file instanceof StreamSink) await file.end();
      }
    },
  };
}

async function* all(groups: AsyncGenerator<ItemGroup, void>): AsyncGenerator<FedGroup, void> {
  const none = new EndedItems();
  for await (const group of groups) yield openItems(group, none) as FedGroup;
}

async function resumableWork(parts: WorkParts, path: string): Promise<Work> {
  const { target, opened, settings, groups, say } = parts;
  const identity = identityOf(target, opened, settings);
  await StateDirectory.lock(path);
  const found = await StateDirectory.read(path);
  await found?.settle();
  const state =
    found === null
      ? await StateDirectory.begin(path, identity, settings)
      : await resumed(found, identity, parts);
  const { last, ended } = state;
  const files = await openCommitted(settings, last.files);
  const fresh = new KeyList(last.keyed);
  let failed = last.failed;
  const committer = new Committer(
    await state.journal(),
    files,
    ended,
    fresh,
    () => failed,
    settings.commitEvery,
    last,
  );
  if (ended.count > 0) say(`resuming: ${ended.count} items are done`);
  return {
    files,
    ended,
    failed,
    groups: checkedGroups(groups, { recorded: state.recordedKeys, fresh, ended, shard: settings.shard }),
    get commits() {
      return committer.count;
    },
    tick(now, failedNow) {
      failed = failedNow;
      return committer.tick(now);
    },
    async end(failedNow, complete) {
      failed = failedNow;
      await committer.end(complete ? ended.count : undefined, complete ? state.sorting : null);
      if (complete && settings.out === null) await print(outPath(settings));
    },
  };
}

/** The state from which a run goes on. @throws (rejects) UsageError if it is another run. */
async function resumed(
  state: StateDirectory,
  identity: RunIdentity,
  { settings, reread, tell }: WorkParts,
): Promise<StateDirectory> {
  const changes = state.changes(identity);
  const mayRunAgain = changes.every(({ runsAgain }) => runsAgain);
  if (changes.length > 0 && !(settings.explain && mayRunAgain)) {
    throw new UsageError(
      `The state directory ${state.path} belongs to another run. What has changed: ${changes.map(({ what }) => what).join('; ')}. Begin anew with another state directory${mayRunAgain ? ', or add --explain to see and run what has changed' : ''}.`,
    );
  }
  if (!settings.explain) return state;
  const { ended, recordedKeys: recorded } = state;
  const explained = await explain({
    changes,
    ended,
    recorded,
    shard: settings.shard,
    groups: reread(),
    tell,
  });
  return explained.dropped === 0 ? state : state.restart(identity, explained.keeps);
}

/** Copies the results to stdout. */
async function print(path: string): Promise<void> {
  const output = new Output();
  for await (const text of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
    if (output.closed) break;
    await output.write(text);
  }
  await output.flush();
}
