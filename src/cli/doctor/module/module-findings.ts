/** From how it went to load a module, on a main thread and in threads, to what follows for its user. */
import { shortened } from '../../console/format.js';
import { loadingFindings, needsProcess } from '../loading-findings.js';
import type { LoadTrial } from '../probe/load-trial.js';
import { type Finding, type Verdict, bad, caution, fine } from '../verdict.js';
import type { Blocking } from './blocking.js';
import type { ThreadTrial, ThreadTrials } from './module-trial.js';

/** What is known of a module. */
export interface ModuleFacts {
  readonly loading: LoadTrial;
  /** Null where it cannot be loaded on a main thread. */
  readonly threads: ThreadTrials | null;
  readonly addOns: readonly unknown[];
  readonly laterAddOn: string | null;
  readonly blocking: Blocking;
}

/** Names of functions that are shown. */
const SHOWN = 6;

const LATER = fine(
  'It loads its add-on when it is used, not when it is loaded. Threads were tried with the add-on itself.',
);

export function moduleVerdict({ loading, threads, addOns, laterAddOn, blocking }: ModuleFacts): Verdict {
  const crashes = ['crashed', 'exited', 'hung'].includes(loading.outcome);
  if (loading.outcome === 'refused')
    return {
      lanes: 'none',
      crashes,
      findings: [bad(`It cannot be loaded: ${shortened(loading.reason ?? '')}`)],
    };
  if (threads === null) return { lanes: 'none', crashes, findings: loadingFindings(loading) };
  const trouble = ofLoads(threads);
  const processes = trouble.length > 0 || needsProcess(loading);
  return {
    lanes: processes ? 'processes' : 'threads-or-processes',
    crashes,
    findings: [
      ...loadingFindings(loading),
      ...(laterAddOn === null ? [] : [LATER]),
      ...trouble,
      ...(trouble.length > 0 ? [] : ofEnds(threads, addOns.length > 0 || laterAddOn !== null)),
      ...ofBlocking(blocking),
    ],
  };
}

/** What speaks against threads that load it and end by themselves. */
function ofLoads({ inTurn, together }: ThreadTrials): Finding[] {
  const one = trouble(inTurn, 'another thread that loads it after that');
  if (one !== undefined) return [one];
  const two = trouble(together, 'a second thread that loads it meanwhile');
  return two === undefined ? [] : [two];
}

function trouble({ outcome, reason, loaded, ended }: ThreadTrial, second: string): Finding | undefined {
  const remedy = 'Take process lanes.';
  switch (outcome) {
    case 'fine':
      return undefined;
    case 'refused': {
      const why = shortened(reason ?? '');
      return caution(
        loaded === 0
          ? `A worker thread cannot load it: ${why} ${remedy}`
          : `It is not context-aware: one thread can load it, ${second} cannot: ${why} ${remedy}`,
      );
    }
    case 'crashed':
      return caution(
        loaded > ended
          ? `The end of a thread that has loaded it crashes the process (${reason}), also when the thread ends by itself. ${remedy}`
          : `Loading it in ${loaded === 0 ? 'a worker thread' : second} crashes the process (${reason}). ${remedy}`,
      );
    case 'hung':
      return caution(
        loaded > ended
          ? `A thread that has loaded it does not end: ${reason}. ${remedy}`
          : `Loading it in ${loaded === 0 ? 'a worker thread' : second} does not come back: ${reason}. ${remedy}`,
      );
  }
}

/** Of a module that can be loaded in threads. */
function ofEnds({ inTurn, together, terminated }: ThreadTrials, hasAddOns: boolean): Finding[] {
  const tried = `${inTurn.loaded} threads loaded it one after the other, ${together.loaded} at once, and all of them ended.`;
  if (!hasAddOns) {
    return [
      fine(
        `${tried} It loads no add-on: while it loads none later, a thread that runs it can be stopped at any time.`,
      ),
    ];
  }
  const findings = [fine(tried)];
  if (terminated.outcome !== 'fine') {
    findings.push(
      caution(
        `A thread that has loaded it must not be terminated: ${terminated.outcome === 'hung' ? 'the thread then does not end' : 'that crashes the process'} (${terminated.reason}). A thread that ends by itself does no harm. offthread never terminates a thread that has loaded an add-on; code of your own must not, either.`,
      ),
    );
  }
  findings.push(
    fine(
      'A call in a thread lane is stopped when its native code returns. Where it has to be stopped in any case, take process lanes.',
    ),
  );
  return findings;
}

function ofBlocking({ functions, known }: Blocking): Finding[] {
  const findings: Finding[] = [];
  if (known !== null) findings.push(fine(`It blocks, says its documentation: ${known}.`));
  if (functions.length > 0) {
    const more = functions.length > SHOWN ? ', …' : '';
    findings.push(
      fine(
        `By their names, these functions block until they return: ${functions.slice(0, SHOWN).join(', ')}${more}.`,
      ),
    );
  }
  return findings;
}
