/**
 * B15: structs, unions and arrays, generated from a seed, lie in memory as the compiler of this machine has them, and
 * every value in them arrives in C and comes back: by pointer, in arrays, and by value; also where their C definitions stand
 * in front of the prototypes (B14).
 */
import { expect } from 'chai';
import { array, inout, out, pointer, type Library, type WideDeclaration } from 'offthread';
import { onEveryEngine, sharedLab } from '../../helpers/contract.js';
import { compile } from '../../helpers/engine-probe.js';
import { type GeneratedStruct, Generator } from '../../helpers/generated-structs.js';

const COUNT = 200;

interface Made {
  readonly structs: readonly GeneratedStruct[];
  /** In C, by the number in the name. */
  readonly definitions: readonly string[];
  readonly path: string;
}

let made: Made | undefined;

/** All of them, in one library. */
function library(): Made {
  if (made !== undefined) return made;
  const generator = new Generator(20_261_130);
  const structs = Array.from({ length: COUNT }, () =>
    generator.struct(3, generator.below(5) === 0 ? 'union' : 'struct'),
  );
  const facts = structs.flatMap(({ name, fields }) => [
    `sizeof(${name})`,
    `_Alignof(${name})`,
    ...fields.map((field) => `offsetof(${name}, ${field})`),
  ]);
  const functions = structs.map(({ name, change, natural }) =>
    [
      `void changed_${name}(const ${name} *in, ${name} *out) { *out = *in; ${change('(*out)')} }`,
      `void each_${name}(${name} *all, size_t n) { for (size_t i = 0; i < n; i++) { ${change('all[i]')} } }`,
      natural
        ? `${name} value_${name}(int before, ${name} v, double behind) { ${change('v')} return v; }`
        : '',
    ].join('\n'),
  );
  const code = [
    '#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>',
    ...generator.definitions,
    `void facts(uint64_t *to) { uint64_t all[] = { ${facts.join(', ')} };`,
    `  for (int i = 0; i < ${facts.length}; i++) to[i] = all[i]; }`,
    ...functions,
  ].join('\n');
  const { definitions } = generator;
  made = {
    structs,
    definitions,
    path: compile('generated-structs.so', code, ['-shared', '-fPIC', '-O0', '-w']),
  };
  return made;
}

/** The definition of a struct in C, behind those that it needs. */
function definitionOf(name: string, definitions: readonly string[], seen = new Set<string>()): string {
  if (seen.has(name)) return '';
  seen.add(name);
  const own = definitions[Number(name.slice(1))] as string;
  const needed = [...own.matchAll(/\bT\d+\b/g)].map(([one]) => definitionOf(one, definitions, seen));
  return `${needed.join('')}${own}\n`;
}

/** What an expected value has of an actual one: of a union, the member that was given. */
function part(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected)) return expected.map((one, index) => part((actual as unknown[])[index], one));
  if (typeof expected !== 'object' || expected === null || Buffer.isBuffer(expected)) return actual;
  return Object.fromEntries(
    Object.entries(expected).map(([key, one]) => [key, part((actual as Record<string, unknown>)[key], one)]),
  );
}

onEveryEngine('generated structs (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  let structs: readonly GeneratedStruct[];
  let lib: Library<Record<string, WideDeclaration>>;
  let values: Library<Record<string, WideDeclaration>>;
  let text: Library<Record<string, WideDeclaration>>;
  const call = async (of: typeof lib, name: string, ...args: readonly unknown[]): Promise<unknown> => {
    const fn = of[name] as unknown as (...given: readonly unknown[]) => Promise<unknown>;
    return await fn(...args);
  };

  before(async function () {
    this.timeout(20_000);
    const { path, ...all } = library();
    ({ structs } = all);
    const declarations: Record<string, WideDeclaration> = {
      facts: { arguments: [inout('buffer')], return: 'void' },
    };
    const byValue: Record<string, WideDeclaration> = {};
    for (const { name, type, natural } of structs) {
      declarations[`changed_${name}`] = { arguments: [pointer(type), out(type)], return: 'void' };
      declarations[`each_${name}`] = { arguments: [inout(array(type)), 'u64'], return: 'void' };
      if (natural) byValue[`value_${name}`] = { arguments: ['i32', type, 'f64'], return: type };
    }
    lib = await lab.pool.open(path, declarations, { engine });
    const texts: Record<string, object> = {};
    for (const { name, natural } of structs) {
      const definition = definitionOf(name, all.definitions);
      texts[`changed_${name}`] = {
        prototype: `${definition}void changed_${name}(const ${name} *in, ${name} *out)`,
        out: ['out'],
      };
      if (natural && engine === 'koffi')
        texts[`value_${name}`] = { prototype: `${definition}${name} value_${name}(int, ${name} v, double)` };
    }
    text = await lab.pool.open(path, texts as Record<string, WideDeclaration>, { engine });
    if (engine === 'koffi') values = await lab.pool.open(path, byValue, { engine });
  });

  it('have the size, the alignment and the offsets that the compiler has', async () => {
    const count = structs.reduce((sum, { fields }) => sum + 2 + fields.length, 0);
    const facts = new BigUint64Array(count);
    await call(lib, 'facts', facts);
    const ours = structs.flatMap(({ type, fields }) => [
      type.size,
      type.alignment,
      ...fields.map((field) =>
        type.kind === 'struct' ? (type.offsets as Record<string, number>)[field] : 0,
      ),
    ]);
    expect(ours).to.deep.equal(Array.from(facts, Number));
  });

  it('are read and filled by pointer', async () => {
    for (const { name, value, changed } of structs) {
      const given = value();
      const expected = changed(given);
      const [, back] = (await call(lib, `changed_${name}`, given)) as [undefined, unknown];
      expect(part(back, expected), name).to.deep.equal(expected);
    }
  });

  it('are read and filled where their C definitions stand in front of the prototype (B14)', async () => {
    for (const { name, value, changed, natural } of structs) {
      const given = value();
      const expected = changed(given);
      const [, back] = (await call(text, `changed_${name}`, given)) as [undefined, unknown];
      expect(part(back, expected), name).to.deep.equal(expected);
      if (!natural || engine !== 'koffi') continue;
      expect(await call(text, `value_${name}`, 1, given, 0.5), name).to.deep.equal(expected);
    }
  });

  it('are changed in arrays of any length', async () => {
    for (const [index, { name, value, changed }] of structs.entries()) {
      const given = Array.from({ length: index % 4 }, value);
      const expected = given.map(changed);
      const [, back] = (await call(lib, `each_${name}`, given, given.length)) as [undefined, unknown];
      expect(part(back, expected), name).to.deep.equal(expected);
    }
  });

  if (engine === 'koffi') {
    it('are passed and returned by value', async () => {
      let count = 0;
      for (const { name, value, changed, natural } of structs) {
        if (!natural) continue;
        count += 1;
        const given = value();
        const back = await call(values, `value_${name}`, 1, given, 0.5);
        expect(back, name).to.deep.equal(changed(given));
      }
      expect(count).to.be.greaterThan(50);
    });
  }
});
