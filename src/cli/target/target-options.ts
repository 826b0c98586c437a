/** What is called: the arguments LIB and PROTOTYPE of a verb, and the options that say what a prototype cannot. */
import { Argument, type Command, Option } from 'commander';
import { type FunctionDescription, describeFunction } from 'offthread';
import { wholeNumber } from '../console/numbers.js';
import { UsageError } from '../console/usage-error.js';

/** A function of a library, as the command line names it. */
export interface Target {
  /** A path, or a name that the system's loader finds, such as `libz.so.1`. */
  readonly library: string;
  /** What `pool.open` takes for the function. */
  readonly declaration: Readonly<Record<string, unknown>>;
  readonly description: FunctionDescription;
  /** Bytes of memory that is passed for parameters which native code fills, by index. */
  readonly fills: ReadonlyMap<number, number>;
  readonly engine: 'auto' | 'ffi-rs' | 'koffi' | 'node';
}

/** The options, as commander reads them. */
export interface TargetOptions {
  readonly outParameter: readonly string[];
  readonly inoutParameter: readonly string[];
  readonly fails?: string;
  readonly errno?: boolean;
  readonly lastError?: string;
  readonly owned?: string;
  readonly engine: Target['engine'];
}

const collect = (value: string, list: readonly string[]): readonly string[] => [...list, value];

/** Adds the arguments and options of a target. */
export function withTarget(command: Command): Command {
  return command
    .addArgument(new Argument('<lib>', 'a shared library: a path, or a name such as libz.so.1'))
    .addArgument(
      new Argument(
        '<prototype>',
        "the function's C prototype, as in its header: 'double cos(double x)'; or a declaration as JSON",
      ),
    )
    .addOption(
      new Option(
        '--out-parameter <name[=bytes]>',
        'a pointer that the function fills: to one value, or to so many bytes. A name, or a number counted from 0',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--inout-parameter <name>', 'a pointer to one value that is passed and changed')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--fails <when>', 'results that mean failure').choices(['nonzero', 'negative', 'null']),
    )
    .option('--errno', 'read errno when the function fails')
    .option('--last-error <function>', 'a function of the library that returns the text of its last error')
    .option('--owned <function>', 'the function that releases a string that is returned, such as free')
    .addOption(
      new Option('--engine <name>', 'what calls the library')
        .choices(['auto', 'koffi', 'ffi-rs', 'node'])
        .default('auto'),
    );
}

/** @throws UsageError, DeclarationError. */
export function targetOf(library: string, prototype: string, options: TargetOptions): Target {
  const outs: (string | number)[] = [];
  const fills = new Map<number, number>();
  const plain = fromText(prototype);
  const bare = describeFunction(plain as never, nameOf(plain));
  for (const text of options.outParameter) {
    const [name = '', bytes] = text.split('=', 2);
    if (bytes === undefined) outs.push(nameOrIndex(name));
    else
      fills.set(
        indexOf(bare, name, '--out-parameter'),
        wholeNumber(`The number of bytes of --out-parameter ${name}`, bytes, 1),
      );
  }
  const { inoutParameter, fails, errno, lastError, owned, engine } = options;
  const declaration = {
    ...plain,
    ...(outs.length > 0 && { out: outs }),
    ...(inoutParameter.length > 0 && { inout: inoutParameter.map(nameOrIndex) }),
    ...(fails !== undefined && { fails }),
    ...(errno !== undefined && { errno }),
    ...(lastError !== undefined && { lastError }),
    ...(owned !== undefined && { owned }),
  };
  const description = describeFunction(declaration as never, nameOf(plain));
  for (const [index, { kind, changes, name }] of description.parameters.entries()) {
    if (!fills.has(index) || (kind === 'buffer' && changes)) continue;
    throw new UsageError(
      `--out-parameter ${name === '' ? index : name} says how many bytes the function fills, but the parameter is not a pointer to memory that can change. Leave out '=${fills.get(index)}'.`,
    );
  }
  return { library, declaration, description, fills, engine };
}

/** A prototype, or a declaration as JSON. */
function fromText(text: string): Record<string, unknown> {
  if (!text.trimStart().startsWith('{')) return { prototype: text };
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`The declaration is no valid JSON: ${(error as Error).message}`);
  }
}

/** What messages call the function before its prototype was read. */
function nameOf({ symbol }: Readonly<Record<string, unknown>>): string {
  return typeof symbol === 'string' ? symbol : 'the function';
}

/** The index of the parameter that a text names. */
export function indexOf({ parameters }: FunctionDescription, name: string, option: string): number {
  const index = /^\d+$/.test(name)
    ? Number(name)
    : parameters.findIndex((parameter) => parameter.name !== '' && parameter.name === name);
  if (parameters[index] !== undefined) return index;
  const known = parameters.map((parameter, at) => (parameter.name === '' ? String(at) : parameter.name));
  throw new UsageError(
    `${option} names '${name}', which is no parameter of the function. Its parameters: ${known.join(', ') || 'none'}.`,
  );
}

function nameOrIndex(name: string): string | number {
  return /^\d+$/.test(name) ? Number(name) : name;
}
