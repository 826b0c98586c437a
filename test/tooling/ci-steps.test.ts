/** CI runs every step of .ci/run, and no step that .ci/run lacks. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../src/cli/demo/files.js';

const script = join(projectRoot(), '.ci/run');
const workflows = join(projectRoot(), '.github/workflows');

/** The steps that a workflow names, one or several in a line: `run: .ci/run lint types`. */
function stepsOf(workflow: string): string[] {
  const lines = readFileSync(join(workflows, workflow), 'utf8').matchAll(/^ *(?:- )?run: \.ci\/run\b(.*)$/gm);
  return [...lines].flatMap(([, names]) => (names as string).trim().split(/ +/));
}

describe('the steps of .ci/run', () => {
  const listed = spawnSync('bash', [script, '--list'], { encoding: 'utf8' }).stdout.trim().split('\n');

  for (const workflow of readdirSync(workflows)) {
    it(`has those that ${workflow} names`, () => {
      const named = stepsOf(workflow);
      expect(named).to.not.be.empty;
      expect(named.filter((name) => !listed.includes(name))).to.deep.equal([]);
    });
  }

  it('are all run by ci.yml', () => {
    expect([...new Set(stepsOf('ci.yml'))].sort()).to.deep.equal([...listed].sort());
  });

  it('are known to it, one by one: an unknown name is refused before anything runs', () => {
    const { status, stdout, stderr } = spawnSync('bash', [script, 'lint', 'nothing'], { encoding: 'utf8' });
    expect(status).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.include('no step nothing').and.to.include(listed.join(' '));
  });

  it('each have a command', () => {
    const commands = [...readFileSync(script, 'utf8').matchAll(/^ {4}([a-z-]+)\)/gm)].map(
      ([, name]) => name as string,
    );
    expect(commands.sort()).to.deep.equal([...listed].sort());
  });
});
