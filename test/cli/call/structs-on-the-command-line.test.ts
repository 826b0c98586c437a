/** B14, B15: structs on the command line: defined in C in front of the prototype, given and printed as JSON. */
import { expect } from 'chai';
import { runCli } from '../../helpers/command-line.js';
import { compile } from '../../helpers/engine-probe.js';
import { BatchFiles } from '../batch/batch-files.js';

const CODE = `
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
struct point { double x, y; };
double length(const struct point *p) { return p ? sqrt(p->x * p->x + p->y * p->y) : -1; }
struct point turn(struct point p) { struct point to = { -p.y, p.x }; return to; }
void scale(struct point *p, double by) { p->x *= by; p->y *= by; }
double total(const struct point p[], size_t n) { double s = 0; for (size_t i = 0; i < n; i++) s += p[i].x + p[i].y; return s; }
struct user { int64_t id; char name[16]; uint8_t mac[4]; struct point at; const char *note; };
int make(const struct user *from, struct user *to) { *to = *from; to->id += 1; strcat(to->name, "!"); to->at.x = 1.5; return 0; }
double fragile(const struct point *p) { if (p->x > 0.5) *(volatile int *)0 = 1; return p->x; }
`;
const POINT = 'struct point { double x, y; };';
const USER = `${POINT} struct user { int64_t id; char name[16]; uint8_t mac[4]; struct point at; const char *note; };`;
const LENGTH = `${POINT} double length(const struct point *p)`;

describe('cli: structs (B14, B15)', () => {
  let library: string;
  const call = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(['call', library, ...args]);
    return code === 0 ? stdout : `${code}: ${stderr}`;
  };

  before(function () {
    this.timeout(20_000);
    library = compile('command-line-structs.so', CODE, ['-shared', '-fPIC', '-O1', '-lm']);
  });

  it('are JSON as arguments, and where they come back: by pointer', async () => {
    expect(await call(LENGTH, '{"x": 3, "y": 4}')).to.equal('5\n');
    expect(await call(LENGTH, 'null')).to.equal('-1\n');
    expect(await call(`${POINT} void scale(struct point *p, double by)`, '{"x":3,"y":4}', '2')).to.equal(
      'p = {"x":6,"y":8}\n',
    );
  });

  it('are JSON by value and in arrays', async () => {
    expect(await call(`${POINT} struct point turn(struct point p)`, '{"x":3,"y":4}')).to.equal(
      '{"x":-4,"y":3}\n',
    );
    expect(
      await call(`${POINT} double total(const struct point p[], size_t n)`, '[{"x":1},{"x":2,"y":3}]', '2'),
    ).to.equal('6\n');
  });

  it('have 64-bit integers as digits, bytes as bytes and text as text', async () => {
    const prototype = `${USER} int make(const struct user *from, struct user *to)`;
    const given = '{"id":"9007199254740993","name":"anna","mac":"hex:00ff0203","at":{"y":2}}';
    const { outs } = JSON.parse(await call(prototype, given, '--out', 'to', '--json')) as { outs: unknown };
    expect(outs).to.deep.equal({
      to: {
        id: '9007199254740994',
        name: 'anna!',
        mac: Buffer.from([0, 255, 2, 3]).toString('base64'),
        at: { x: 1.5, y: 2 },
        note: 0,
      },
    });
  });

  it('are also defined in the prototype of a JSON declaration', async () => {
    const declaration = { prototype: `${POINT} void scale(struct point *p, double by)`, inout: ['p'] };
    expect(await call(JSON.stringify(declaration), '{"x":1}', '3')).to.equal('p = {"x":3,"y":0}\n');
  });

  it('are refused with the place, and what to write instead', async () => {
    for (const [prototype, argument, says] of [
      [LENGTH, '{"z": 3}', /unknown field 'z'.*x, y/s],
      [LENGTH, '3,4', /argument 'p' is '3,4'\. Expected JSON, as in '\{"x": 0, "y": 0\}'/],
      [LENGTH, '{"x": "a"}', /argument 'p', \.x is 'a'\. Expected a number/],
      [`${POINT} struct point turn(struct point p)`, 'null', /cannot be NULL/],
      [
        `${USER} int make(const struct user *from, struct user *to)`,
        '{"note": "hi"}',
        /\.note is 'hi', but the field is a pointer/,
      ],
      ['struct f { int a : 3; }; int length(struct f *p)', '{}', /Bit-fields.*\n.*int a : 3.*\n +\^/],
    ] as const) {
      expect(
        await call(
          prototype,
          argument,
          ...(prototype === `${USER} int make(const struct user *from, struct user *to)`
            ? ['--out', 'to']
            : []),
        ),
        prototype,
      )
        .to.match(says)
        .and.match(/^2:/);
    }
  });

  it('come out of the items of a batch, and go into its results; a resumed run knows them again', async () => {
    const files = new BatchFiles();
    const input = files.write(
      'in.ndjson',
      '{"a":{"p":{"x":3,"y":4}}}\n{"a":{"p":{"x":"6","y":8}}}\n{"a":{"p":[1]}}\n',
    );
    const prototype = `${POINT} void scale(struct point *p, double by)`;
    const args = [
      'batch',
      library,
      prototype,
      '--in',
      input,
      '--arg',
      'p=.a.p',
      '--arg',
      'by=.a.p.x',
      '--state',
      files.path('state'),
    ];
    const first = await runCli(args);
    const lines = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { outs?: unknown; error?: unknown });
    expect(lines.map(({ outs }) => outs)).to.deep.equal([
      { p: { x: 9, y: 12 } },
      { p: { x: 36, y: 48 } },
      undefined,
    ]);
    expect(first.code).to.equal(1);
    const again = await runCli(args);
    expect(again.stdout).to.equal(first.stdout);
    expect(again.stderr).to.match(/3 of them in earlier runs/);
  });

  it('have drawn numbers under stress, and are made smaller when they crash (B8)', async () => {
    const prototype = `${POINT} double fragile(const struct point *p)`;
    const { stdout, code } = await runCli([
      'stress',
      library,
      prototype,
      '{"x":"choice:0,0.25,0.75","y":"int:1..9"}',
      '--count',
      '12',
      '--seed',
      '5',
      '--json',
      '--quiet',
    ]);
    expect(code).to.equal(5);
    const { verdicts } = JSON.parse(stdout) as { verdicts: { crash: { input: unknown; signal: string } } };
    expect(verdicts.crash).to.deep.include({ signal: 'SIGSEGV' });
    expect(JSON.stringify(verdicts.crash.input)).to.equal('[{"x":1}]');
  });
});
