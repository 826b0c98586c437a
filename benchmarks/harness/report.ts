/**
 * What a benchmark prints: the command, the machine, tables, and one line a
 * target saying whether it was met. The same as data for `--json`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchmarkArguments } from './arguments.js';
import { root } from './lab.js';
import { loadLine, machineLine } from './machine.js';
import { table } from './table.js';

/** One of the figures that the project promises. */
export interface Target {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly met: boolean;
}

export class Report {
  readonly #name: string;
  readonly #given: BenchmarkArguments;
  readonly #lines: string[] = [];
  readonly #tables: { title: string; rows: readonly Record<string, unknown>[] }[] = [];
  readonly #targets: Target[] = [];
  readonly #startedAt = performance.now();
  readonly #load = loadLine();

  /** @param name of the benchmark: its file, without the extension. */
  constructor(name: string, given: BenchmarkArguments) {
    this.#name = name;
    this.#given = given;
    this.say(`$ ${this.#command()}`);
    this.say(machineLine());
    this.say(this.#load);
  }

  /** A line of prose. */
  say(line = ''): void {
    this.#lines.push(line);
    console.log(line);
  }

  /** @param rows one object a row, with the same keys; the keys are the headings. */
  table(title: string, rows: readonly Record<string, string | number>[]): void {
    this.#tables.push({ title, rows });
    this.say();
    this.say(title);
    for (const line of table(rows)) this.say(line);
  }

  target(target: Target): void {
    this.#targets.push(target);
    this.say(
      `${target.met ? 'met   ' : 'MISSED'}  ${target.what}: ${target.measured} (wanted ${target.wanted})`,
    );
  }

  /** Writes what was asked for. A missed target is a figure, not a failure of the program: the exit code stays 0. */
  end(): void {
    this.say();
    this.say(`took ${((performance.now() - this.#startedAt) / 1_000).toFixed(0)} s`);
    const { json, record } = this.#given;
    if (json !== undefined) writeFileSync(json, this.#json());
    if (!record) return;
    const results = join(root, 'benchmarks/results', this.#name);
    writeFileSync(`${results}.txt`, `${this.#lines.join('\n')}\n`);
    writeFileSync(`${results}.json`, this.#json());
  }

  #command(): string {
    return ['npm run bench --', this.#name, ...(this.#given.quick ? ['--quick'] : [])].join(' ');
  }

  #json(): string {
    const data = {
      command: this.#command(),
      machine: machineLine(),
      load: this.#load,
      tables: this.#tables,
      targets: this.#targets,
    };
    return `${JSON.stringify(data, null, 2)}\n`;
  }
}
