/**
 * What a benchmark prints: the command, the machine, tables, and one line a
 * target saying whether it was met. The same as data for `--json`, with what a
 * drawing of a table needs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchmarkArguments } from '../command/arguments.js';
import { root } from '../paths.js';
import { cpuTimes, loadLine, machineLine, stolenLine } from './machine.js';
import { median } from '../measure/statistics.js';
import { figure, table, times } from './table.js';

/**
 * One of the figures that the project promises: for people in `measured` and
 * `wanted`, for programs in the numbers. Where it is a ratio, it is of figures
 * of one run, so that it may be compared with that of another machine.
 */
export interface Target {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly value: number;
  /** It is met by a value as good as this. */
  readonly bound: number;
  readonly better: Better;
}

export type Better = 'higher' | 'lower';

/** How a table is drawn. Its first column names a row, all else that is drawn is numbers. */
export interface Plot {
  /** Of bars: the column that they show. Of lines: what their points are. */
  readonly value: string;
  readonly unit: string;
  readonly better: Better;
  /** Default: linear. */
  readonly scale?: 'log' | 'linear';
  /**
   * A bar for each row (default); or a line for each, with a point for each column whose heading begins with a number,
   * at that number.
   */
  readonly kind?: 'bars' | 'lines';
  /** Columns with the least and the greatest of the rounds. Default: `least` and `most`, where there are such. */
  readonly spread?: readonly [least: string, most: string];
}

type Row = Record<string, string | number>;

function isMet({ value, bound, better }: Target): boolean {
  return better === 'higher' ? value >= bound : value <= bound;
}

export class Report {
  readonly #name: string;
  readonly #given: BenchmarkArguments;
  readonly #print: (line: string) => void;
  readonly #lines: string[] = [];
  readonly #tables: { title: string; rows: readonly Row[]; plot?: Plot }[] = [];
  readonly #targets: (Target & { readonly met: boolean })[] = [];
  readonly #startedAt = performance.now();
  readonly #load = loadLine();
  readonly #cpu = cpuTimes();
  #stolen = '';

  /** @param name of the benchmark: its file, without the extension. */
  constructor(name: string, given: BenchmarkArguments, print: (line: string) => void = console.log) {
    this.#name = name;
    this.#given = given;
    this.#print = print;
    this.say(`$ ${this.#command()}`);
    this.say(machineLine());
    this.say(this.#load);
  }

  /** A line of prose. */
  say(line = ''): void {
    this.#lines.push(line);
    this.#print(line);
  }

  /** @param rows one object a row, with the same keys; the keys are the headings. */
  table(title: string, rows: readonly Row[], { plot }: { readonly plot?: Plot } = {}): void {
    this.#tables.push({ title, rows, ...(plot === undefined ? {} : { plot }) });
    this.say();
    this.say(title);
    for (const line of table(rows)) this.say(line);
  }

  target(target: Target): void {
    const met = isMet(target);
    this.#targets.push({ ...target, met });
    this.say(`${met ? 'met   ' : 'MISSED'}  ${target.what}: ${target.measured} (wanted ${target.wanted})`);
  }

  /** A figure over another: of each round. Met by the median. */
  ratio(what: string, ratios: readonly number[], better: Better, bound: number): void {
    this.target({
      what,
      measured: times(ratios),
      wanted: `at ${better === 'higher' ? 'least' : 'most'} ${figure(bound)}`,
      value: median(ratios),
      bound,
      better,
    });
  }

  /** Writes what was asked for. A missed target is a figure, not a failure of the program: the exit code stays 0. */
  end(): void {
    this.say();
    this.#stolen = stolenLine(this.#cpu, cpuTimes());
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(0);
    this.say(`took ${seconds} s${this.#stolen === '' ? '' : `; ${this.#stolen}`}`);
    const { json, record } = this.#given;
    if (json !== undefined) writeFileSync(json, this.#json());
    if (!record) return;
    const results = join(root, 'benchmarks/results', this.#name);
    writeFileSync(`${results}.txt`, `${this.#lines.join('\n')}\n`);
    writeFileSync(`${results}.json`, this.#json());
  }

  #command(): string {
    return [
      'npm run bench --',
      this.#name,
      ...(this.#given.effort === 'full' ? [] : [`--${this.#given.effort}`]),
    ].join(' ');
  }

  #json(): string {
    const data = {
      command: this.#command(),
      machine: machineLine(),
      load: this.#stolen === '' ? this.#load : `${this.#load}; ${this.#stolen}`,
      tables: this.#tables,
      targets: this.#targets,
    };
    return `${JSON.stringify(data, null, 2)}\n`;
  }
}
