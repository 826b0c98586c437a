/**
 * The host process of a check, as the command sees it. It ends in one of these ways, and the first one counts:
 *
 *   an order is answered ─┬─► the next order
 *                         ├─► the process died: a signal, or an exit
 *                         ├─► it is stuck: killed
 *                         └─► the order failed: an error of the library or of the machine
 */
import { type ChildProcess, fork } from 'node:child_process';
import { UsageError } from '../../console/usage-error.js';
import type { AnswersOrder, DrawsOrder, Opening, Order, Report } from './orders.js';

export type AnswersReport = Extract<Report, { kind: 'answers' }>;
export type DrawsReport = Extract<Report, { kind: 'draws' }>;

/** The process did not answer the order. */
export interface Death {
  readonly kind: 'crash' | 'deadlock';
  readonly signal: string | null;
  readonly exitCode: number | null;
  readonly stderr: string;
  /** Calls that had ended before. */
  readonly calls: number;
}

/** Characters of stderr that are kept: the last ones. */
const KEPT = 4_096;

/** An order that failed by an error, or a process that was killed from outside. */
class HostFailure extends Error {}

export class HostProcess {
  readonly #child: ChildProcess;
  #stderr = '';
  #calls = 0;
  /** What the running order leads to. */
  #settle: ((end: Report | Death | Error) => void) | null = null;
  #death: Death | null = null;

  static async start(opening: Opening): Promise<HostProcess> {
    const host = new HostProcess();
    const end = await host.#order(opening);
    if ('signal' in end) {
      host.end();
      throw new HostFailure(
        `Opening the library in ${opening.lanes} threads ended their process (${end.signal ?? `exit code ${end.exitCode}`}): ${end.stderr.trim()}`,
      );
    }
    return host;
  }

  private constructor() {
    this.#child = fork(new URL('./race-host.js', import.meta.url), {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT);
    });
    this.#child.on('message', (report: Report) => this.#on(report));
    // After `exit`, what it wrote to stderr may still be on its way.
    this.#child.on('close', (exitCode, signal) => this.#closed(exitCode, signal));
    this.#child.on('error', () => {});
  }

  answers(order: Omit<AnswersOrder, 'kind'>): Promise<AnswersReport | Death> {
    return this.#order({ kind: 'answers', ...order }) as Promise<AnswersReport | Death>;
  }

  draws(order: Omit<DrawsOrder, 'kind'>): Promise<DrawsReport | Death> {
    return this.#order({ kind: 'draws', ...order }) as Promise<DrawsReport | Death>;
  }

  end(): void {
    this.#child.removeAllListeners('message');
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
  }

  async #order(order: Order): Promise<Report | Death> {
    const end = await new Promise<Report | Death | Error>((resolve) => {
      this.#settle = resolve;
      this.#calls = 0;
      if (this.#death === null) this.#child.send(order);
      else resolve(this.#death);
    });
    this.#settle = null;
    if (end instanceof Error) {
      this.end();
      throw end;
    }
    return end;
  }

  #on(report: Report): void {
    switch (report.kind) {
      case 'alive':
        this.#calls = report.calls;
        if (!report.stuck) return;
        this.#die({ kind: 'deadlock', signal: null, exitCode: null });
        this.end();
        return;
      case 'failed':
        this.#settle?.(report.refused ? new UsageError(report.message) : new HostFailure(report.message));
        return;
      default:
        this.#settle?.(report);
    }
  }

  #closed(exitCode: number | null, signal: string | null): void {
    if (signal === 'SIGKILL' && this.#death === null) {
      this.#settle?.(
        new HostFailure(
          'The process with the threads was killed from outside: the system may be out of memory.',
        ),
      );
    }
    this.#die({ kind: 'crash', signal, exitCode });
  }

  #die(death: Pick<Death, 'kind' | 'signal' | 'exitCode'>): void {
    this.#death ??= { ...death, stderr: this.#stderr, calls: this.#calls };
    this.#settle?.(this.#death);
  }
}

export function isDeath(end: object): end is Death {
  return 'signal' in end;
}

/** What happened, in words that follow "when calls run at once". */
export function diedOf({ kind, signal, exitCode }: Death): string {
  if (kind === 'deadlock') return 'the calls hang';
  return signal === null ? `the process exits with code ${exitCode}` : `the process dies of ${signal}`;
}
